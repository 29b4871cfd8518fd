import type { RunnerRow } from "../../store/index.js";
import type { RunnerController } from "../runner/controller.js";

/** A sample of a runner's process tree. */
export interface Figures {
  controller: RunnerController;
  memoryMb: number;
  /** 0 at the first sample, which is over no interval yet. */
  cpuPercent: number;
}

/** A sample with the record of its runner. */
export interface Measured extends Figures {
  runner: RunnerRow;
}
