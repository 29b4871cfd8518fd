import type { HeartbeatRequest } from "@stratavore/proto";
import {
  changesRecord,
  heartbeatOf,
  requireExternal,
  requireNotEnded,
} from "../../domain/external-runners.js";
import { isTerminal } from "../../domain/lifecycle.js";
import { runnerById } from "../../domain/runners.js";
import type { RunnerFacts } from "../../domain/views/runner.js";
import type { RunnerRow, Store } from "../../store/index.js";
import type { Heartbeats } from "../heartbeats.js";
import type { Log } from "../log.js";
import { endByOwner, endUnconfirmed } from "./end.js";
import { heard, type OwnerFigures, shownUsage, unheard } from "./owner-figures.js";

/** How often it is looked for runners that went silent, and from which lateness on that look could not hear them. */
const lookMs = 1_000;
const lateMs = 2 * lookMs;
/** How often the times of heartbeats are written: what a crash can lose of them. */
const writeMs = 30_000;

/** Runners that someone else runs: what their owners say of them, and what becomes of those that are silent. */
export class ExternalRunners {
  readonly #figures = new Map<string, OwnerFigures>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** Silence before this is not a runner's. */
  #listeningSince: number;
  #lastLook: number;
  #lastWrite: number;

  constructor(
    readonly store: Store,
    readonly log: Log,
    readonly heartbeats: Heartbeats,
    /** Milliseconds on a clock that nobody sets, and that rests while the machine sleeps. */
    readonly clock: () => number = () => performance.now(),
  ) {
    this.#listeningSince = this.#lastLook = this.#lastWrite = clock();
  }

  /** Begins to look for silent runners. Those of an earlier daemon have a whole TTL from now on. */
  start(): void {
    this.#listeningSince = this.#lastLook = this.clock();
    this.#timer = setInterval(() => {
      this.#looking ??= this.look().finally(() => {
        this.#looking = undefined;
      });
    }, lookMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#write().catch((error) => this.log.warn({ error }, "times of heartbeats were not stored"));
  }

  /** A runner was recorded: its TTL begins. */
  expect(runnerId: string): void {
    if (!this.#figures.has(runnerId)) this.#figures.set(runnerId, unheard(this.clock()));
  }

  /**
   * An owner's sign of life, or its word that the runner has ended.
   *
   * @throws DomainError not_found, failed_precondition
   */
  async heartbeat(request: HeartbeatRequest): Promise<RunnerRow> {
    const { runnerId, resourceUsage, activity, ended, exitCode = null, error } = request;
    const { store } = this;
    if (ended) return await store.transaction((tx) => endByOwner(tx, runnerId, { exitCode, error }));
    const before = runnerById(store.read, runnerId);
    requireExternal(before);
    requireNotEnded(before);
    // Noted before anything is committed: a look in between must not take it for silent.
    const figures = heard(this.#figures.get(runnerId), this.clock(), resourceUsage);
    this.#figures.set(runnerId, figures);
    const row = changesRecord(before, activity)
      ? await store.transaction((tx) => heartbeatOf(tx, runnerId, activity))
      : before;
    this.heartbeats.publish(row, shownUsage(figures, row));
    return row;
  }

  /** What its owner said last; undefined for one that the daemon runs. */
  facts(runner: RunnerRow): RunnerFacts | undefined {
    if (!runner.external) return undefined;
    const figures = this.#figures.get(runner.id);
    const resourceUsage = isTerminal(runner.status) ? undefined : shownUsage(figures, runner);
    return {
      ...(resourceUsage && { resourceUsage }),
      ...(figures?.seen !== undefined && { lastSeen: figures.seen }),
    };
  }

  /** The most that its owner said, of which the record may not know yet. */
  peakMemoryMb({ id, peakMemoryMb }: RunnerRow): bigint {
    const said = this.#figures.get(id)?.peakMb ?? 0n;
    return said > peakMemoryMb ? said : peakMemoryMb;
  }

  /** Ends the runners that were silent for longer than their TTL, and writes times when it is time to. */
  async look(): Promise<void> {
    const now = this.clock();
    // A daemon that was busy, or had no processor, has not heard what was said meanwhile.
    if (now - this.#lastLook > lateMs) this.#listeningSince = now;
    this.#lastLook = now;
    try {
      const silent = this.store.read.runners.staleExternal(Date.now()).filter((row) => this.#isSilent(row));
      await Promise.all(silent.map((row) => this.#endSilent(row)));
      if (now - this.#lastWrite >= writeMs) {
        this.#lastWrite = now;
        await this.#write();
      }
    } catch (error) {
      this.log.error({ error }, "external runners could not be looked after; trying again");
    }
  }

  #isSilent({ id, heartbeatTtlMs }: RunnerRow): boolean {
    const since = Math.max(this.#figures.get(id)?.at ?? 0, this.#listeningSince);
    return heartbeatTtlMs !== null && this.clock() - since > heartbeatTtlMs;
  }

  async #endSilent(silent: RunnerRow): Promise<void> {
    const ended = await this.store.transaction((tx) => {
      const row = tx.runners.byId(silent.id);
      if (row === undefined || !this.#isSilent(row)) return undefined;
      const seen = Math.max(this.#figures.get(row.id)?.seen ?? 0, row.lastHeartbeat ?? 0);
      const last = seen === 0 ? "none ever came" : `the last one came at ${new Date(seen).toISOString()}`;
      const ttl = `its heartbeat_ttl of ${row.heartbeatTtlMs! / 1000} s`;
      return endUnconfirmed(tx, row.id, `its owner sent no Heartbeat within ${ttl}; ${last}`);
    });
    if (ended === undefined) return;
    this.log.warn({ runner: ended.id, reason: ended.reason }, "an external runner went silent");
  }

  /** Stores when runners were heard and the most memory they took, and forgets those that have ended. */
  async #write(): Promise<void> {
    if (this.#figures.size === 0) return;
    const times = [...this.#figures].filter(([, figures]) => !figures.written);
    const gone = await this.store.transaction((tx) => {
      for (const [id, { seen, peakMb }] of times) {
        tx.runners.heartbeat(id, seen!);
        tx.runners.measured(id, Math.min(Number(peakMb), Number.MAX_SAFE_INTEGER));
      }
      return [...this.#figures.keys()].filter((id) => {
        const row = tx.runners.byId(id);
        return row === undefined || isTerminal(row.status);
      });
    });
    for (const [, figures] of times) figures.written = true;
    for (const id of gone) this.#figures.delete(id);
  }
}
