import type { AgentUpdate } from "../adapter.js";
import { recordIn, textIn } from "../read.js";
import { modelIn } from "./models.js";
import type { ClaudeState } from "./state.js";

type Line = Record<string, unknown>;

const tooManyRequests = 429;
const overloaded = 529;

/** What Claude Code tells of itself. */
export function onSystem(state: ClaudeState, sessionId: string, line: Line): AgentUpdate[] {
  switch (line.subtype) {
    case "init":
      return onInit(state, sessionId, line);
    case "compact_boundary": {
      const before = recordIn(line.compact_metadata).pre_tokens;
      const held = typeof before === "number" ? `, which held ${before} tokens` : "";
      return [notice(sessionId, `Claude Code put a summary in place of the conversation so far${held}.`)];
    }
    case "api_retry":
      return onRetry(state, sessionId, line);
    default:
      return [];
  }
}

/** Each turn begins with it: it tells the model that is really used. */
function onInit(state: ClaudeState, sessionId: string, line: Line): AgentUpdate[] {
  const model = modelIn(line.model);
  if (model === "" || model === state.model || state.opening !== undefined) return [];
  state.model = model;
  return [{ kind: "model", sessionId, model }];
}

function onRetry(state: ClaudeState, sessionId: string, line: Line): AgentUpdate[] {
  const { error_status: status, attempt, max_retries: most } = line;
  const updates: AgentUpdate[] = [];
  if ((status === tooManyRequests || status === overloaded) && !state.isLimited) {
    state.isLimited = true;
    updates.push({ kind: "activity", sessionId, activity: "rate_limited" });
  }
  // The first tells what is wrong; that it is tried again and again is no news.
  if (attempt === 1) {
    const what = [textIn(line.error), typeof status === "number" ? `status ${status}` : ""].filter(Boolean);
    const times = typeof most === "number" ? `, up to ${most} times` : "";
    const why = what.join(", ") || "no reason given";
    updates.push(
      notice(sessionId, `The model's provider refused a request (${why}); Claude Code tries again${times}.`),
    );
  }
  return updates;
}

/** What a subscription's limits are, where they have become of interest. */
export function onRateLimit(state: ClaudeState, sessionId: string, line: Line): AgentUpdate[] {
  const { status, resetsAt, rateLimitType, utilization } = recordIn(line.rate_limit_info);
  if (status !== "rejected" && status !== "allowed_warning") return [];
  const which = textIn(rateLimitType).replaceAll("_", "-") || "usage";
  const until = resetTime(resetsAt);
  if (status === "allowed_warning") {
    const used = typeof utilization === "number" ? ` (${Math.round(utilization * 100)} % used)` : "";
    return [notice(sessionId, `The ${which} limit of the subscription is near${used}${until}.`)];
  }
  state.isLimited = true;
  return [
    { kind: "activity", sessionId, activity: "rate_limited" },
    notice(sessionId, `The ${which} limit of the subscription is reached${until}.`),
  ];
}

function resetTime(seconds: unknown): string {
  if (typeof seconds !== "number" || !(seconds > 0) || seconds > 1e11) return "";
  return `; it resets at ${new Date(seconds * 1000).toISOString()}`;
}

const notice = (sessionId: string, text: string): AgentUpdate => ({
  kind: "notice",
  sessionId,
  text: `[stratavore] ${text.toWellFormed()}`,
});
