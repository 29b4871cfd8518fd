import { DirectiveError } from "../directives/language.js";
import type { Chooser } from "./answer/choose.js";
import { answerSideRequest } from "./answer/side.js";
import { type Dialect, noUsage, type Target } from "./dialect.js";
import type { Exchange } from "./exchange.js";
import { keyOf, readJson } from "./http/read.js";
import type { Ledger, LogEntry } from "./ledger.js";
import { findRoute } from "./routes.js";
import { serveAnswer } from "./serve.js";

/** What the server answers from. */
export interface House {
  readonly chooser: Chooser;
  readonly log: Ledger;
  /** The keys that are accepted; all when undefined. */
  readonly keys: readonly string[] | undefined;
  readonly models: readonly string[];
}

/** Answers one HTTP request, and logs it. */
export async function handle(house: House, exchange: Exchange): Promise<void> {
  const { request, url } = exchange;
  const method = request.method ?? "GET";
  const route = findRoute(request, url.pathname, house.models);
  const { dialect } = route;
  const key = keyOf(request, url.searchParams);
  const seen: LogEntry = {
    requestId: exchange.requestId,
    at: new Date(),
    api: dialect.api,
    method,
    path: url.pathname,
    kind: "other",
    model: "",
    stream: false,
    key,
    messages: 0,
    usage: noUsage,
    status: 0,
    outcome: "open",
  };
  let target: Target;
  try {
    target = { path: url.pathname, query: url.searchParams, body: await readJson(request) };
  } catch (error) {
    exchange.logTo(house.log.open(seen));
    return fail(exchange, dialect, 400, `The body is no JSON: ${(error as Error).message}`);
  }
  if (route.kind !== "answer") {
    exchange.logTo(house.log.open({ ...seen, body: target.body }));
    if (!isAllowed(house, key)) return fail(exchange, dialect, 401, wrongKey);
    if (route.kind === "unknown") return fail(exchange, dialect, 404, `No ${method} ${url.pathname} here.`);
    return exchange.json(200, JSON.stringify(route.answer(target)), dialect.headers(exchange.requestId));
  }
  const asked = dialect.read(target);
  const { model, stream, messages, body } = asked;
  const aside = answerSideRequest(asked);
  const kind = aside ? "side" : "answer";
  exchange.logTo(house.log.open({ ...seen, kind, model, stream, messages: messages.length, body }));
  if (!isAllowed(house, key)) return fail(exchange, dialect, 401, wrongKey);
  try {
    await serveAnswer(exchange, dialect, asked, await house.chooser.choose(asked, key, aside));
  } catch (error) {
    // A client that went away is in the log.
    if (exchange.signal.aborted) return;
    if (exchange.response.headersSent) throw error;
    fail(exchange, dialect, error instanceof DirectiveError ? 400 : 500, (error as Error).message);
  }
}

const wrongKey = "The API key is not one that this server accepts.";

function isAllowed({ keys }: House, key: string): boolean {
  return keys === undefined || keys.includes(key);
}

function fail(exchange: Exchange, dialect: Dialect, status: number, message: string): void {
  exchange.fail(dialect, { status, message, requestId: exchange.requestId });
}
