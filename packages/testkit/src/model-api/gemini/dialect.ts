import type { TokenUsage } from "../answer/answer.js";
import { type ApiError, type Dialect, type Frame, noUsage, type Served, type Target } from "../dialect.js";
import { type Json, numberOf, objectOf, objectsOf, schemaOf, textOf, textOfBlocks } from "../json.js";
import type { ModelRequest } from "../request.js";

/** Gemini's `generateContent` and `streamGenerateContent`. */
export const geminiDialect: Dialect = {
  api: "gemini",
  read,
  whole: (served) =>
    chunk(
      served,
      served.parts.flatMap((part) => toParts(served, part, [textIn(part)])),
      true,
    ),
  begin,
  end: (served) => [{ data: chunk(served, [{ text: "" }], true) }],
  usageBeforeEnd: () => noUsage,
  error: toError,
  errorFrame: (error) => ({ data: toError(error) }),
  headers: () => ({}),
};

function read({ path, body }: Target): ModelRequest {
  const config = objectOf(body.generationConfig);
  return {
    api: "gemini",
    model: decodeURIComponent(/\/models\/([^:]*)/.exec(path)?.[1] ?? ""),
    stream: path.endsWith(":streamGenerateContent"),
    system: textOfBlocks(objectOf(body.systemInstruction).parts, []),
    messages: objectsOf(body.contents).map(({ role, parts }) => ({
      role: role === "model" ? "assistant" : "user",
      text: textOfBlocks(
        objectsOf(parts).filter(({ thought }) => thought !== true),
        [],
      ),
      toolResults: objectsOf(parts).filter((part) => part.functionResponse !== undefined).length,
    })),
    tools: objectsOf(body.tools).flatMap((tool) =>
      objectsOf(tool.functionDeclarations).map(({ name }) => textOf(name)),
    ),
    maxTokens: numberOf(config.maxOutputTokens),
    schema: schemaOf(config.responseJsonSchema ?? config.responseSchema),
    body,
  };
}

function* begin(served: Served): Iterable<Frame> {
  for (const part of served.parts) {
    for (const each of toParts(served, part, served.pieces(textIn(part)))) {
      yield { data: chunk(served, [each], false), isPiece: true };
    }
  }
}

type Part = Served["parts"][number];

function textIn(part: Part): string {
  return part.type === "tool" ? "" : part.text;
}

function toParts(_served: Served, part: Part, pieces: readonly string[]): Json[] {
  if (part.type === "text") return pieces.map((text) => ({ text }));
  if (part.type === "thinking") return pieces.map((text) => ({ text, thought: true }));
  return [
    {
      functionCall: { id: part.id, name: part.name, args: part.input },
      thoughtSignature: Buffer.from(part.id).toString("base64"),
    },
  ];
}

const finishReasons = { end_turn: "STOP", max_tokens: "MAX_TOKENS", refusal: "SAFETY" } as const;

function chunk(served: Served, parts: readonly Json[], isLast: boolean) {
  const finish = isLast ? { finishReason: finishReasons[served.stopReason] } : {};
  return {
    candidates: [{ content: { role: "model", parts }, index: 0, ...finish }],
    ...(isLast ? { usageMetadata: toUsage(served.usage) } : {}),
    modelVersion: served.request.model,
    responseId: served.id,
  };
}

/** Prompt tokens include the cached ones; thoughts are counted beside the candidates. */
function toUsage({ input, output, cacheRead, cacheWrite, reasoning }: TokenUsage) {
  const prompt = input + cacheRead + cacheWrite;
  return {
    promptTokenCount: prompt,
    cachedContentTokenCount: cacheRead,
    candidatesTokenCount: Math.max(0, output - reasoning),
    thoughtsTokenCount: reasoning,
    totalTokenCount: prompt + output,
  };
}

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function toError({ status, message, retryAfter }: ApiError) {
  const name = statuses[status] ?? (status < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfter}s` };
  const details = retryAfter === undefined ? {} : { details: [retry] };
  return { error: { code: status, message, status: name, ...details } };
}
