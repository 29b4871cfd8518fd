import type { Target } from "../dialect.js";
import { type Json, numberOf, objectOf, objectsOf, schemaOf, textOf, textOfBlocks } from "../json.js";
import type { ModelMessage, ModelRequest } from "../request.js";

/** Reads the body of `POST /v1/responses`. */
export function readResponsesRequest({ body }: Target): ModelRequest {
  const input =
    typeof body.input === "string" ? [{ role: "user", content: body.input }] : objectsOf(body.input);
  return {
    api: "responses",
    model: textOf(body.model),
    stream: body.stream === true,
    system: textOf(body.instructions),
    messages: input.flatMap(toMessage),
    tools: objectsOf(body.tools).map(({ name, type }) => textOf(name) || textOf(type)),
    maxTokens: numberOf(body.max_output_tokens),
    schema: schemaOf(objectOf(objectOf(body.text).format).schema),
    body,
  };
}

const roles: Readonly<Record<string, ModelMessage["role"]>> = {
  assistant: "assistant",
  system: "system",
  developer: "system",
};

function toMessage({ type, role, content }: Json): ModelMessage[] {
  if (textOf(type).endsWith("_output")) return [{ role: "user", text: "", toolResults: 1 }];
  if (type !== undefined && type !== "message") return [];
  const text = textOfBlocks(content, ["input_text", "output_text", "text"]);
  return [{ role: roles[textOf(role)] ?? "user", text, toolResults: 0 }];
}
