import type { Target } from "../dialect.js";
import { type Json, numberOf, objectOf, objectsOf, schemaOf, textOf, textOfBlocks } from "../json.js";
import type { ModelMessage, ModelRequest } from "../request.js";

/** Reads the body of `POST /v1/messages`. */
export function readMessagesRequest({ body }: Target): ModelRequest {
  return {
    api: "messages",
    model: textOf(body.model),
    stream: body.stream === true,
    system: textOfBlocks(body.system, ["text"]),
    messages: objectsOf(body.messages).map(toMessage),
    tools: objectsOf(body.tools).map(({ name }) => textOf(name)),
    maxTokens: numberOf(body.max_tokens),
    schema: schemaOf(objectOf(objectOf(body.output_config).format).schema),
    body,
  };
}

// Claude Code passes on what the user said while a turn ran as a message of the system.
const steering = /^The user sent a new message while you were working:\n([\s\S]*?)(?:\n\nThis is how |$)/;

function toMessage({ role, content }: Json): ModelMessage {
  const text = textOfBlocks(content, ["text"]);
  if (role === "system") {
    const steered = steering.exec(text)?.[1];
    return steered === undefined
      ? { role, text, toolResults: 0 }
      : { role: "user", text: steered, toolResults: 0 };
  }
  const toolResults = objectsOf(content).filter(({ type }) => type === "tool_result").length;
  return { role: role === "assistant" ? role : "user", text, toolResults };
}
