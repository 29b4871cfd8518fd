import { basename } from "node:path";
import type { EndedProcess, StopReport } from "../driver.js";
import { isDead, type ProcessRow, type ProcessTable } from "./table.js";

/** Who was there during a stop, and what each was sent. */
export class StopRecord {
  readonly #table: ProcessTable;
  readonly #rows = new Map<number, { row: ProcessRow; command: string; signal: EndedProcess["signal"] }>();

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  see(rows: readonly ProcessRow[]): void {
    for (const row of rows) {
      if (this.#rows.get(row.pid)?.row.startTime === row.startTime) continue;
      const program = this.#table.args(row.pid)[0];
      this.#rows.set(row.pid, { row, command: program ? basename(program) : row.name, signal: null });
    }
  }

  mark(row: ProcessRow, signal: "SIGTERM" | "SIGKILL"): void {
    const entry = this.#rows.get(row.pid);
    if (entry !== undefined) entry.signal = signal;
  }

  /** The whole group was sent it. */
  sent(pgid: number, signal: "SIGTERM"): void {
    for (const { row } of this.#rows.values()) if (row.pgid === pgid) this.mark(row, signal);
  }

  hasLive(): boolean {
    return this.#entries().some(({ isLive }) => isLive);
  }

  report(method: StopReport["method"]): StopReport {
    const entries = this.#entries();
    return {
      method,
      ended: entries
        .filter(({ isLive }) => !isLive)
        .map(({ row, command, signal }) => ({ pid: row.pid, command, signal })),
      left: entries.filter(({ isLive }) => isLive).map(({ row, command }) => ({ pid: row.pid, command })),
      forced: entries.some(({ signal }) => signal === "SIGKILL"),
    };
  }

  #entries() {
    return [...this.#rows.values()].map((entry) => {
      const now = this.#table.row(entry.row.pid);
      const isLive = now !== null && now.startTime === entry.row.startTime && !isDead(now);
      return { ...entry, isLive };
    });
  }
}
