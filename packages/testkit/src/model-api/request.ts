import type { Json } from "./json.js";

/** The API that a request speaks: Anthropic Messages, OpenAI Chat Completions, OpenAI Responses or Gemini. */
export type ModelApiName = "messages" | "chat" | "responses" | "gemini";

/** One message of the conversation that a request carries, in the same form for every API. */
export interface ModelMessage {
  readonly role: "user" | "assistant" | "system";
  /** The text blocks, a line each at least. */
  readonly text: string;
  /** How many results of tool calls it carries. */
  readonly toolResults: number;
}

/** What a request asks for, in the same form for every API. */
export interface ModelRequest {
  readonly api: ModelApiName;
  /** The model's name as it was asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Instructions that are no message of the conversation. */
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  /** The names of the tools that the model may call. */
  readonly tools: readonly string[];
  /** The most output tokens that the client wants. */
  readonly maxTokens?: number;
  /** The JSON schema of the answer, if the client wants JSON. */
  readonly schema?: Json;
  /** The request's body as it came. */
  readonly body: Json;
}
