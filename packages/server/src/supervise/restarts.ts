import type { RestartRunnerResponse } from "@stratavore/proto";
import { failedPrecondition } from "../domain/errors.js";
import type { RepeatableRequest } from "../domain/idempotency.js";

/** A restart that has not come as far as the start. */
export interface Restart {
  /** @throws DomainError failed_precondition once the runner was told to stop */
  checkWanted: () => void;
  /** Places that live runners of its project had when it was stopped for this; 0 if it was not live. */
  held: number;
}

interface Entry {
  request: RepeatableRequest | undefined;
  done: Promise<RestartRunnerResponse>;
  overtaken: boolean;
}

/** The restarts that are under way: one for each runner, and a stop that comes meanwhile is the later word. */
export class Restarts {
  readonly #entries = new Map<string, Entry>();

  /**
   * Begins a restart; a repeat of the request that is under way joins it.
   *
   * @throws DomainError failed_precondition: another one is under way
   */
  run(
    runnerId: string,
    request: RepeatableRequest | undefined,
    work: (restart: Restart) => Promise<RestartRunnerResponse>,
  ): Promise<RestartRunnerResponse> {
    const under = this.#entries.get(runnerId);
    if (under !== undefined) {
      if (isSame(under.request, request)) return under.done;
      throw failedPrecondition(
        "RUNNER_RESTARTING",
        `runner ${runnerId} is being restarted already; wait until it is RUNNING`,
        { runner: runnerId },
      );
    }
    const { promise: done, resolve, reject } = Promise.withResolvers<RestartRunnerResponse>();
    const entry: Entry = { request, done, overtaken: false };
    const checkWanted = () => {
      if (entry.overtaken) throw overtaken(runnerId);
    };
    this.#entries.set(runnerId, entry);
    work({ checkWanted, held: 0 })
      .finally(() => this.#entries.delete(runnerId))
      .then(resolve, reject);
    return done;
  }

  /** The runner is to stop: a restart that has not started it again does not do so any more. */
  overtake(runnerId: string): void {
    const entry = this.#entries.get(runnerId);
    if (entry !== undefined) entry.overtaken = true;
  }

  overtakeAll(): void {
    for (const runnerId of this.#entries.keys()) this.overtake(runnerId);
  }
}

const overtaken = (runnerId: string) =>
  failedPrecondition(
    "RESTART_OVERTAKEN",
    `runner ${runnerId} was told to stop while it was being restarted, and stays stopped; restart it again to have it run`,
    { runner: runnerId },
  );

function isSame(a: RepeatableRequest | undefined, b: RepeatableRequest | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.scope === b.scope && a.requestId === b.requestId && Buffer.compare(a.bodyHash, b.bodyHash) === 0;
}
