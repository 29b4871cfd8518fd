import { RunnerStatus } from "@stratavore/proto";
import type { Opened } from "../../rpc/fixture/stratavore.js";

const { STARTING, RUNNING, PAUSED, TERMINATED, FAILED } = RunnerStatus;

/** What runs: a command that goes on, ends well or ends badly, an agent that is spoken to, or a process of its owner. */
export const kinds = ["lives", "succeeds", "fails", "acp", "external"] as const;
export type Kind = (typeof kinds)[number];

/** A runner as it is to be once nothing is under way. */
export interface ModelRunner {
  kind: Kind;
  status: RunnerStatus;
  incarnation: number;
  /** Incarnations that became RUNNING. */
  started: number;
  exists: boolean;
}

/** What is expected of the server. Runners stay at their place, so that a command names one by it. */
export class Model {
  readonly runners: ModelRunner[] = [];
  quota = 0;

  get live(): number {
    return this.runners.filter(({ exists, status }) => exists && isLive(status)).length;
  }

  /** Whether another runner may start besides so many that end for it. */
  hasRoom(leaving = 0): boolean {
    return this.quota === 0 || this.live - leaving < this.quota;
  }
}

/** The server, and the ids of the runners in the order of the model. */
export interface Real {
  opened: Opened;
  /** Closes the server and opens another one on the same data. */
  readonly reopen: () => Promise<Opened>;
  readonly ids: string[];
}

export const isLive = (status: RunnerStatus) =>
  status === STARTING || status === RUNNING || status === PAUSED;

/** What a start of this kind comes to, if nothing else happens. */
export function afterStart(kind: Kind): RunnerStatus {
  if (kind === "external") return STARTING;
  if (kind === "succeeds") return TERMINATED;
  return kind === "fails" ? FAILED : RUNNING;
}

/** A new incarnation has started and is left to itself. */
export function begin(runner: ModelRunner): void {
  runner.status = afterStart(runner.kind);
  if (runner.kind !== "external") runner.started++;
}
