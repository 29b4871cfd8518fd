import type { IncomingMessage } from "node:http";
import { estimateTokens } from "../turn/usage.js";
import { messagesDialect } from "./anthropic/dialect.js";
import { chatDialect } from "./chat/dialect.js";
import type { Dialect, Target } from "./dialect.js";
import { geminiDialect } from "./gemini/dialect.js";
import { responsesDialect } from "./responses/dialect.js";

/** What a path is for. */
export type Route =
  /** Asks a model. */
  | { readonly kind: "answer"; readonly dialect: Dialect }
  /** Answered without a model. */
  | { readonly kind: "other"; readonly dialect: Dialect; readonly answer: (target: Target) => unknown }
  | { readonly kind: "unknown"; readonly dialect: Dialect };

/** Finds what a request is for. An unknown path is answered in the form of the API whose client it looks like. */
export function findRoute(request: IncomingMessage, path: string, models: readonly string[]): Route {
  const { method = "GET" } = request;
  const name = path.replace(/\/+$/, "");
  const dialect = guessDialect(request, name);
  const known = method === "POST" ? findPost(name) : undefined;
  if (known) return known;
  const listing = /^\/v1(?:beta|alpha)?\/models(?:\/(.+))?$/.exec(name);
  if (method !== "GET" || !listing) return { kind: "unknown", dialect };
  const one = listing[1];
  if (one !== undefined && !models.includes(one)) return { kind: "unknown", dialect };
  return { kind: "other", dialect, answer: () => listModels(dialect, models, one) };
}

function findPost(name: string): Route | undefined {
  if (name === "/v1/messages") return { kind: "answer", dialect: messagesDialect };
  if (name === "/v1/chat/completions") return { kind: "answer", dialect: chatDialect };
  if (name === "/v1/responses") return { kind: "answer", dialect: responsesDialect };
  if (name === "/v1/messages/count_tokens") {
    return {
      kind: "other",
      dialect: messagesDialect,
      answer: (target) => ({ input_tokens: countTokens(target) }),
    };
  }
  const action = /^\/v1(?:beta|alpha)?\/models\/[^/]+:(\w+)$/.exec(name)?.[1];
  if (action === "generateContent" || action === "streamGenerateContent") {
    return { kind: "answer", dialect: geminiDialect };
  }
  if (action !== "countTokens") return undefined;
  return {
    kind: "other",
    dialect: geminiDialect,
    answer: (target) => ({ totalTokens: countTokens(target) }),
  };
}

/** The clients share paths, but each has a header of its own. */
function guessDialect({ headers }: IncomingMessage, name: string): Dialect {
  if (headers["anthropic-version"] !== undefined) return messagesDialect;
  if (headers["x-goog-api-key"] !== undefined || /^\/v1(beta|alpha)\//.test(name)) return geminiDialect;
  return name.startsWith("/v1/") ? chatDialect : messagesDialect;
}

function countTokens({ body }: Target): number {
  return estimateTokens(JSON.stringify(body).length);
}

function listModels({ api }: Dialect, models: readonly string[], one: string | undefined): unknown {
  if (api === "gemini") {
    const supportedGenerationMethods = ["generateContent", "countTokens"];
    const list = models.map((name) => ({
      name: `models/${name}`,
      displayName: name,
      supportedGenerationMethods,
    }));
    return one === undefined ? { models: list } : list[models.indexOf(one)];
  }
  if (api === "messages") {
    const created_at = "2026-01-01T00:00:00Z";
    const data = models.map((id) => ({ type: "model", id, display_name: id, created_at }));
    const page = { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
    return one === undefined ? page : data[models.indexOf(one)];
  }
  const data = models.map((id) => ({ id, object: "model", created: 1_767_225_600, owned_by: "testkit" }));
  return one === undefined ? { object: "list", data } : data[models.indexOf(one)];
}
