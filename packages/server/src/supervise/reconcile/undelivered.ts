import { RunnerStatus, TurnState } from "@stratavore/proto";
import { turnEnded } from "../../domain/turns.js";
import type { TurnRow } from "../../store/index.js";
import type { RunnerController } from "../runner/controller.js";
import { dispatchTurn, nothing } from "../runner/dispatch.js";
import type { Supervisor } from "../supervisor.js";

type Turn = Pick<TurnRow, "id" | "sessionId">;

/**
 * Ends a turn that was being handed over when a daemon died as unknown, unless the agent shows in the time that it has
 * for an answer that the message arrived: sending it again could do its work twice.
 */
export function expectDelivery(
  supervisor: Supervisor,
  controller: RunnerController,
  turn: Turn,
  { isFrozen }: { isFrozen: boolean },
): void {
  const { closing } = supervisor;
  const wait = () => waitForSign(controller, turn, supervisor.options.startTimeoutMs, closing);
  if (!isFrozen) {
    wait();
    return;
  }
  // A frozen agent can show no sign.
  const goesOn = supervisor.inState(
    controller.runnerId,
    ({ status }) => status !== RunnerStatus.PAUSED,
    closing,
  );
  // One that is deleted has no turns, and the next daemon looks itself.
  goesOn.then(wait, () => {});
}

function waitForSign(
  controller: RunnerController,
  { id: turnId, sessionId }: Turn,
  patienceMs: number,
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
