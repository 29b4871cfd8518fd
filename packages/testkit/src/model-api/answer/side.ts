import type { ModelRequest } from "../request.js";
import type { Answer } from "./answer.js";
import { exampleOf } from "./example.js";

const title = "A scripted conversation";

// At the very start of the instructions; an agent's long ones may well have the word somewhere.
const asksForTitle = /^[\s\S]{0,200}\btitle\b/i;

/**
 * The answer to what an agent asks for itself, beside the conversation: a title, which model is good enough, whether
 * the key works. Such requests repeat the user's prompt, and a script in it is not for them. They offer no tools and
 * want one token, JSON of a schema, or a title. Undefined for what is not one.
 */
export function answerSideRequest({ tools, maxTokens, schema, system }: ModelRequest): Answer | undefined {
  if (tools.length > 0) return undefined;
  if (schema) return { parts: [{ type: "text", text: JSON.stringify(exampleOf(schema, title)) }] };
  if (maxTokens === 1) return { parts: [{ type: "text", text: "ok" }] };
  return asksForTitle.test(system) ? { parts: [{ type: "text", text: title }] } : undefined;
}
