import type { IncomingMessage } from "node:http";
import { type Json, objectOf } from "../json.js";

/** The body as a JSON object; empty without one. Throws a SyntaxError for what is no JSON. */
export async function readJson(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : objectOf(JSON.parse(text));
}

/** The key that a client sent, in whichever place its API has for it; empty without one. */
export function keyOf(request: IncomingMessage, query: URLSearchParams): string {
  const { authorization, "x-api-key": anthropic, "x-goog-api-key": google } = request.headers;
  const bearer = /^Bearer (.*)$/i.exec(authorization ?? "")?.[1];
  return bearer ?? String(anthropic ?? google ?? query.get("key") ?? "");
}
