import { ApprovalState } from "@stratavore/proto";
import { approvalMessage, resolveApproval } from "../../domain/approvals.js";
import type { ApprovalRow } from "../../store/index.js";
import { answerLine, rejection } from "../runner/standing-answer.js";
import type { Supervisor } from "../supervisor.js";

/** How often it is looked for questions whose time is over. */
const lookMs = 1_000;

/** Rejects what agents ask and nobody answers in time. The record says until when, so a later daemon does it as well. */
export class ApprovalDeadlines {
  readonly #supervisor: Supervisor;
  readonly #failing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** Begins to look, once the agents are followed. */
  start(): void {
    const look = () => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    };
    this.#timer = setInterval(look, lookMs).unref();
    look();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, log } = this.#supervisor.options;
    let due: ApprovalRow[];
    try {
      due = store.read.approvals.due(Date.now());
    } catch {
      return;
    }
    for (const { id, runnerId } of due) {
      try {
        await this.#reject(id, runnerId);
        this.#failing.delete(id);
      } catch (error) {
        // The next look tries again.
        if (!this.#failing.has(id))
          log.error({ approval: id, error }, "an approval could not be rejected in time");
        this.#failing.add(id);
      }
    }
  }

  async #reject(id: string, runnerId: string): Promise<void> {
    // Without one the runner is being ended, which withdraws its questions, or will be taken up again.
    const controller = this.#supervisor.controller(runnerId);
    await controller?.change((tx, memory) => {
      const row = tx.approvals.byId(id);
      if (row?.state !== ApprovalState.PENDING) return { value: undefined, out: { lines: [], prompts: [] } };
      const { optionId } = rejection(approvalMessage(row).options);
      resolveApproval(tx, row, ApprovalState.EXPIRED, { optionId: optionId ?? "", by: "deadline" });
      const lines = memory.adapter.answer(row.agentRequestId, answerLine(optionId));
      return { value: undefined, out: { lines, prompts: [] } };
    });
  }
}
