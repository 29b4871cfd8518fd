import type { TokenUsage } from "../answer/answer.js";
import { type Dialect, type Frame, noUsage, type Served, type Target } from "../dialect.js";
import { type Json, numberOf, objectOf, objectsOf, schemaOf, textOf, textOfBlocks } from "../json.js";
import { openAiHeaders, toOpenAiError } from "../openai/error.js";
import type { ModelMessage, ModelRequest } from "../request.js";

/** OpenAI's Chat Completions API, as many other providers speak it. */
export const chatDialect: Dialect = {
  api: "chat",
  read,
  whole,
  begin,
  end,
  usageBeforeEnd: () => noUsage,
  error: toOpenAiError,
  errorFrame: (error) => ({ data: toOpenAiError(error) }),
  headers: openAiHeaders,
};

const roles: Readonly<Record<string, ModelMessage["role"]>> = {
  assistant: "assistant",
  system: "system",
  developer: "system",
};

function read({ body }: Target): ModelRequest {
  const messages = objectsOf(body.messages).map(({ role, content }): ModelMessage => {
    const isResult = role === "tool" || role === "function";
    const text = isResult ? "" : textOfBlocks(content, ["text"]);
    return { role: roles[textOf(role)] ?? "user", text, toolResults: isResult ? 1 : 0 };
  });
  return {
    api: "chat",
    model: textOf(body.model),
    stream: body.stream === true,
    system: messages
      .filter(({ role }) => role === "system")
      .map(({ text }) => text)
      .join("\n"),
    messages,
    tools: objectsOf(body.tools).map((tool) => textOf(objectOf(tool.function).name)),
    maxTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
    schema: schemaOf(objectOf(objectOf(body.response_format).json_schema).schema),
    body,
  };
}

const finishReasons = { end_turn: "stop", max_tokens: "length", refusal: "content_filter" } as const;

function finishReason({ parts, stopReason }: Served): string {
  return parts.some(({ type }) => type === "tool") ? "tool_calls" : finishReasons[stopReason];
}

function envelope(served: Served, object: string) {
  const { id, createdAt, request } = served;
  return { id: `chatcmpl-${id}`, object, created: createdAt, model: request.model };
}

function whole(served: Served) {
  const textsOf = (type: "text" | "thinking") =>
    served.parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("");
  const calls = served.parts.filter((part) => part.type === "tool");
  const message = {
    role: "assistant",
    content: textsOf("text") || null,
    refusal: null,
    ...(textsOf("thinking") ? { reasoning_content: textsOf("thinking") } : {}),
    ...(calls.length > 0
      ? {
          tool_calls: calls.map(({ id, name, input }) => ({
            id: `call_${id}`,
            type: "function",
            function: { name, arguments: JSON.stringify(input) },
          })),
        }
      : {}),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(served) };
  return { ...envelope(served, "chat.completion"), choices: [choice], usage: toUsage(served.usage) };
}

function chunk(served: Served, delta: Json, finish_reason: string | null = null) {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return { ...envelope(served, "chat.completion.chunk"), choices };
}

function* begin(served: Served): Iterable<Frame> {
  yield { data: chunk(served, { role: "assistant", content: "" }) };
  let index = 0;
  for (const part of served.parts) {
    if (part.type === "tool") {
      const first = {
        index,
        id: `call_${part.id}`,
        type: "function",
        function: { name: part.name, arguments: "" },
      };
      yield { data: chunk(served, { tool_calls: [first] }) };
      for (const piece of served.pieces(JSON.stringify(part.input))) {
        yield {
          data: chunk(served, { tool_calls: [{ index, function: { arguments: piece } }] }),
          isPiece: true,
        };
      }
      index += 1;
    } else {
      const field = part.type === "text" ? "content" : "reasoning_content";
      for (const piece of served.pieces(part.text)) {
        yield { data: chunk(served, { [field]: piece }), isPiece: true };
      }
    }
  }
}

function* end(served: Served): Iterable<Frame> {
  yield { data: chunk(served, {}, finishReason(served)) };
  if (objectOf(served.request.body.stream_options).include_usage === true) {
    yield {
      data: { ...envelope(served, "chat.completion.chunk"), choices: [], usage: toUsage(served.usage) },
    };
  }
  yield { data: "[DONE]" };
}

/** Prompt tokens include the cached ones. */
function toUsage({ input, output, cacheRead, cacheWrite, reasoning }: TokenUsage) {
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}
