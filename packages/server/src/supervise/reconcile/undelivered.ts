import { TurnState } from "@stratavore/proto";
import { turnEnded } from "../../domain/turns.js";
import type { RunnerController } from "../runner/controller.js";
import { dispatchTurn, nothing } from "../runner/dispatch.js";

/** How long a message that was being handed over when the daemon died may take to show that it arrived. */
const patienceMs = 60_000;

/** Ends a turn that may or may not have reached the agent as unknown: sending it again could do its work twice. */
export function expectDelivery(
  controller: RunnerController,
  sessionId: string,
  turnId: string,
  closing: AbortSignal,
): void {
  const timer = setTimeout(() => {
    controller
      .change((tx, memory) => {
        const turn = tx.turns.byId(turnId);
        const session = tx.sessions.byId(sessionId);
        if (turn?.state !== TurnState.SENDING || session === undefined)
          return { value: undefined, out: nothing() };
        turnEnded(tx, session, turn, {
          state: TurnState.DELIVERY_UNKNOWN,
          stopReason: "delivery_unknown",
          error:
            "the daemon ended while this message was being handed over, and nothing shows that it arrived",
        });
        const prompts = dispatchTurn(tx, tx.sessions.byId(sessionId)!, memory);
        return { value: undefined, out: { ...nothing(), prompts } };
      })
      // A runner that ended meanwhile has ended its turns itself.
      .catch(() => {});
  }, patienceMs);
  timer.unref();
  closing.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
