import type { TokenUsage } from "../answer/answer.js";
import type { Served } from "../dialect.js";

/** The usage of a message, as the end of a stream or a whole message tells it. */
export function toUsage(usage: TokenUsage) {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
    output_tokens_details: { thinking_tokens: usage.reasoning },
  };
}

/** The message's own fields; `content` is what it holds so far. */
export function toMessage(served: Served, content: readonly unknown[], isEnded: boolean) {
  return {
    id: `msg_${served.id}`,
    type: "message",
    role: "assistant",
    model: served.request.model,
    content,
    stop_reason: isEnded ? stopReason(served) : null,
    stop_sequence: null,
    usage: {
      ...toUsage(isEnded ? served.usage : usageAtStart(served.usage)),
      cache_creation: {
        ephemeral_5m_input_tokens: served.usage.cacheWrite,
        ephemeral_1h_input_tokens: 0,
      },
      service_tier: "standard",
    },
  };
}

/** A stream begins with what the prompt took and one token of output. */
export function usageAtStart(usage: TokenUsage): TokenUsage {
  return { ...usage, output: Math.min(usage.output, 1), reasoning: 0 };
}

/** Tool calls end a message by themselves. */
export function stopReason({ parts, stopReason }: Served): string {
  return parts.some(({ type }) => type === "tool") ? "tool_use" : stopReason;
}

/** The blocks of a whole message. */
export function toContent({ parts }: Served): unknown[] {
  return parts.map((part) => {
    if (part.type === "text") return { type: "text", text: part.text, citations: null };
    if (part.type === "thinking") {
      return { type: "thinking", thinking: part.text, signature: signatureOf(part.text) };
    }
    return { type: "tool_use", id: `toolu_${part.id}`, name: part.name, input: part.input };
  });
}

/** Clients send it back as it is; nobody checks it here. */
export function signatureOf(thinking: string): string {
  return Buffer.from(`signed:${thinking.length}`).toString("base64");
}
