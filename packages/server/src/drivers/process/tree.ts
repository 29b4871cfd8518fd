import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessHandle, UsageSample } from "../driver.js";
import { Cgroup } from "./cgroup.js";
import { fileIn } from "./folder.js";
import { isLive, liveHolder, signalRow } from "./identity.js";
import { membersOf } from "./members.js";
import { isDead, type ProcessRow, type ProcessTable } from "./table.js";

const STOP_ROUNDS = 20;

/** The agent and everything it started; never the wrapper and the holder while these are needed. */
export class ProcessTree {
  readonly #table: ProcessTable;
  readonly #handle: ProcessHandle;
  readonly #known = new Map<number, string>();
  #holder: ProcessRow | null = null;
  #cpuSeconds = 0;

  constructor(table: ProcessTable, handle: ProcessHandle) {
    this.#table = table;
    this.#handle = handle;
  }

  /** The cgroup, if the agent did join it. */
  get cgroup(): Cgroup | null {
    const { cgroup, dir } = this.#handle;
    return cgroup === null || existsSync(fileIn(dir, "uncontained")) ? null : new Cgroup(cgroup);
  }

  /** Live members. Looking for the nonce too reads the environment of every process: only a stop does. */
  async live(options: { nonces: boolean }): Promise<ProcessRow[]> {
    const cgroup = this.cgroup;
    if (cgroup !== null) {
      const rows = cgroup.pids().map((pid) => this.#table.row(pid));
      return rows.filter((row) => row !== null && !isDead(row)) as ProcessRow[];
    }
    if (this.#handle.bootId !== this.#table.bootId()) return [];
    const rows = await (options.nonces ? this.#table.carriers() : this.#table.rows());
    const wrapper = isLive(this.#table, this.#handle) ? this.#handle.pid : null;
    const members = membersOf(rows, {
      nonce: this.#handle.nonce,
      wrapper,
      known: this.#known,
      spared: this.#spared(wrapper),
    });
    for (const row of members) this.#known.set(row.pid, row.startTime);
    return members;
  }

  async freeze(): Promise<void> {
    const cgroup = this.cgroup;
    if (cgroup !== null) return await cgroup.freeze(true);
    // What a process starts before its own turn comes is found by the next look.
    for (let round = 0; round < STOP_ROUNDS; round++) {
      const running = (await this.live({ nonces: false })).filter((row) => row.state !== "T");
      if (running.length === 0) return;
      for (const row of running) signalRow(this.#table, row, "SIGSTOP");
      await delay(2);
    }
  }

  async thaw(): Promise<void> {
    const cgroup = this.cgroup;
    if (cgroup !== null) return await cgroup.freeze(false);
    for (const row of await this.live({ nonces: false })) signalRow(this.#table, row, "SIGCONT");
  }

  async sample(): Promise<UsageSample> {
    const rows = await this.live({ nonces: false });
    const cgroup = this.cgroup;
    const sum = (read: (row: ProcessRow) => number) => rows.reduce((total, row) => total + read(row), 0);
    // Those that left the tree took their time with them: the highest sum seen is the nearest to the truth.
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cgroup?.cpuSeconds() ?? sum((row) => row.cpuSeconds));
    return {
      cpuSeconds: this.#cpuSeconds,
      memoryBytes: cgroup?.memoryBytes() ?? sum((row) => row.memoryBytes),
      processes: rows.length,
    };
  }

  /** The holder ends by itself after the wrapper, and must not be taken for something left behind meanwhile. */
  #spared(wrapper: number | null): Set<number> {
    const spared = new Set<number>();
    if (wrapper !== null) {
      spared.add(wrapper);
      this.#holder = liveHolder(this.#table, this.#handle) ?? this.#holder;
    }
    const holder = this.#holder;
    if (holder !== null && this.#table.row(holder.pid)?.startTime === holder.startTime)
      spared.add(holder.pid);
    return spared;
  }
}
