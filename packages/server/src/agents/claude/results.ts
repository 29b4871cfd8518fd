import type { AgentUpdate } from "../adapter.js";
import { isRecord } from "../json-rpc.js";
import { countIn, listIn, textIn } from "../read.js";
import { bounded } from "./control.js";
import type { ClaudeState } from "./state.js";
import { usageOf, windowIn } from "./usage.js";

type Result = Record<string, unknown>;

const unauthorized = 401;

/** The end of a turn: of ours, or of one that Claude Code began by itself, as when a task in the background is done. */
export function onResult(state: ClaudeState, result: Result): AgentUpdate[] {
  if (!state.isReady) return failedStart(result);
  const usage = usageOf(state, result);
  const { sessionId, turn } = state;
  state.calls = {};
  delete state.message;
  if (sessionId === undefined) return [];
  const updates: AgentUpdate[] = [];
  const size = windowIn(state, result);
  if (state.context > 0) {
    updates.push({ kind: "context", sessionId, used: countIn(state.context), size });
  }
  if (turn === undefined || !isEndOf(turn.uuid, result)) {
    return [...updates, { kind: "spent", sessionId, usage }];
  }
  delete state.turn;
  delete state.isLimited;
  return [
    ...updates,
    { kind: "turn_ended", sessionId, turnId: turn.turnId, usage, ...outcome(turn, result) },
  ];
}

function failedStart(result: Result): AgentUpdate[] {
  if (result.is_error !== true) return [];
  return [{ kind: "unusable", reason: `Claude Code did not start: ${errorIn(result)}` }];
}

/** A result names the messages that it answers; one that names none, and no other origin, is of the running turn. */
function isEndOf(
  uuid: string,
  { user_message_uuids: answered, user_message_uuid: one, origin }: Result,
): boolean {
  const uuids = [...listIn(answered), ...(typeof one === "string" ? [one] : [])];
  return uuids.length > 0 ? uuids.includes(uuid) : !isRecord(origin);
}

function outcome(
  { isCancelled }: { isCancelled?: boolean },
  result: Result,
): { stopReason: string; error?: string } {
  const reason = textIn(result.terminal_reason);
  const failed = result.is_error === true;
  if (reason.startsWith("aborted") || (failed && isCancelled)) return { stopReason: "cancelled" };
  if (!failed) return { stopReason: textIn(result.stop_reason) || "end_turn" };
  return { stopReason: "error", error: errorIn(result) };
}

function errorIn(result: Result): string {
  const errors = listIn(result.errors).map(textIn).filter(Boolean).join("; ");
  const text = bounded(textIn(result.result) || errors || textIn(result.subtype) || "no reason was given");
  const needsLogin = result.api_error_status === unauthorized || /\bnot logged in\b|\/login\b/i.test(text);
  return needsLogin
    ? `${text}; log in once with the command claude, or give the runner an ANTHROPIC_API_KEY`
    : text;
}
