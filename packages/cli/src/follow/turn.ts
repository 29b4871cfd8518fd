import {
  type Reconnect,
  type SessionStream,
  StreamSessionResponseSchema,
  type Turn,
  TurnState,
} from "@stratavore/client/node";
import { ConversationPrinter } from "../output/conversation.js";
import type { LiveText } from "../output/live-text.js";
import type { Output } from "../output/output.js";
import { styled } from "../output/style.js";
import { usageText } from "../output/usage.js";

/** Turn states from which nothing more comes. */
export const isTurnOver = ({ state }: Turn): boolean => state >= TurnState.COMPLETED;

/** How a conversation is shown while it is followed. */
export interface FollowView {
  readonly out: Output;
  readonly live: LiveText;
}

/**
 * Shows a conversation until one of its turns is over, or the session has left its runner.
 *
 * @returns the turn as it ended; undefined if the session went first
 */
export async function followTurn(
  stream: SessionStream,
  { out, live }: FollowView,
  turnId?: string,
): Promise<Turn | undefined> {
  const printer = new ConversationPrinter(live, turnId);
  let ended: Turn | undefined;
  for await (const step of stream) {
    if (out.json) out.message(StreamSessionResponseSchema, step);
    else printer.show(step);
    const { update } = step;
    if (update.case !== "turn" || !isTurnOver(update.value)) continue;
    if (turnId !== undefined && update.value.id !== turnId) continue;
    ended = update.value;
    break;
  }
  live.break();
  return ended;
}

/** How a turn ended, where that was not as it should be, and its tokens. */
export function printTurnEnd(turn: Turn, { out, live }: FollowView): void {
  if (out.json) return;
  if (turn.state !== TurnState.COMPLETED) {
    const how = (TurnState[turn.state] ?? "").toLowerCase().replace("_", " ");
    live.line(styled("red", `The turn ended: ${how}${turn.error === "" ? "" : ` (${turn.error})`}`));
  }
  live.line(styled("dim", `Tokens: ${usageText(turn.usage)}`));
}

/** Tells a person that a stream lost its connection and goes on by itself. */
export const reconnectNote =
  ({ out, live }: FollowView) =>
  ({ attempt }: Reconnect): void => {
    if (attempt !== 1 || !out.terminal) return;
    live.line(styled("yellow", "The connection was lost; this goes on when the daemon is back."));
  };
