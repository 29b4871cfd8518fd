import { setTimeout } from "node:timers/promises";
import type { Answer } from "./answer/answer.js";
import { type ApiError, type Dialect, messageOf, type Served } from "./dialect.js";
import type { Exchange } from "./exchange.js";
import { FrameWriter, type Framing } from "./http/stream.js";
import type { ModelRequest } from "./request.js";
import { resolveAnswer } from "./resolve.js";

/** Sends an answer, whole or as a stream, up to its end or its failure. Throws when the client goes away. */
export async function serveAnswer(
  exchange: Exchange,
  dialect: Dialect,
  request: ModelRequest,
  answer: Answer,
): Promise<void> {
  const served = resolveAnswer(request, answer);
  if (answer.delayMs) await setTimeout(answer.delayMs, undefined, { signal: exchange.signal });
  const { failure } = answer;
  if (failure?.type === "error" && !(request.stream && served.parts.length > 0)) {
    const error = { ...failure, message: messageOf(failure), requestId: exchange.requestId };
    return exchange.fail(dialect, error, answer.headers);
  }
  if (failure?.type === "drop" && served.parts.length === 0) return exchange.drop();
  if (request.stream) await stream(exchange, dialect, served, answer);
  else await whole(exchange, dialect, served, answer);
}

async function stream(exchange: Exchange, dialect: Dialect, served: Served, answer: Answer): Promise<void> {
  const { response, requestId, signal } = exchange;
  const framing: Framing = exchange.framing;
  const type = framing === "sse" ? "text/event-stream; charset=utf-8" : "application/json";
  exchange.head(200, {
    ...dialect.headers(requestId),
    "content-type": type,
    "cache-control": "no-cache",
    ...answer.headers,
  });
  exchange.note({ usage: dialect.usageBeforeEnd(served.usage) });
  const writer = new FrameWriter(response, framing, answer.pace?.pauseMs ?? 0, signal);
  await writer.write(dialect.begin(served));
  const { failure } = answer;
  if (failure?.type === "hang") return exchange.hang();
  if (failure?.type === "drop") return exchange.drop();
  if (failure?.type === "error") {
    const error: ApiError = { ...failure, message: messageOf(failure), requestId };
    await writer.write([dialect.errorFrame(error)]);
    writer.end();
    return exchange.note({ outcome: "failed" });
  }
  // Noted before it is sent, so that who has seen the end finds it in the log.
  exchange.note({ usage: served.usage, outcome: "answered" });
  await writer.write(dialect.end(served));
  writer.end();
}

async function whole(exchange: Exchange, dialect: Dialect, served: Served, answer: Answer): Promise<void> {
  const { failure } = answer;
  if (failure?.type === "hang") return exchange.hang();
  const headers = { ...dialect.headers(exchange.requestId), ...answer.headers };
  const body = JSON.stringify(dialect.whole(served));
  if (failure?.type === "drop") {
    exchange.head(200, { ...headers, "content-type": "application/json" });
    exchange.response.write(body.slice(0, body.length / 2));
    return exchange.drop();
  }
  exchange.note({ usage: served.usage, outcome: "answered" });
  exchange.json(200, body, headers);
}
