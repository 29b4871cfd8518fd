import type { AgentProcess, Journal, LineBatch } from "../../drivers/driver.js";
import { DriverError } from "../../drivers/driver-error.js";
import type { Log } from "../log.js";
import { orAborted } from "../or-aborted.js";
import { applyUpdates } from "./apply.js";
import { nothing } from "./dispatch.js";
import { receiveLines } from "./receive.js";
import type { RunnerRecord } from "./record.js";
import { stderrTail } from "./stderr-tail.js";
import { isGone } from "./until-stored.js";

type Stream = "stdout" | "stderr";

export interface IntakeOptions {
  runnerId: string;
  process: AgentProcess;
  facts: { pid: number; cwd: string };
  record: RunnerRecord;
  log: Log;
  /** Output that may wait unread in a journal, in bytes. */
  maxUnreadBytes: number;
  /** Aborted when the daemon lets go of the agent. */
  closing: AbortSignal;
  /** The agent cannot go on, for this reason. */
  fail: (reason: string) => void;
}

/** Batches between two looks at how much waits unread. */
const backlogEvery = 64;

/** Reads what an agent prints and commits what it says, each line once. */
export class Intake {
  readonly #options: IntakeOptions;
  /** Where the reading of an agent ends that was ended because it got too far ahead. */
  readonly #readUntil = new Map<Stream, number>();
  #unreadable: { first: string; count: number } | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** The first line that was not of the agent's protocol. */
  get firstUnreadable(): string | undefined {
    return this.#unreadable?.first;
  }

  /** Resolves when the agent has ended and all it said is stored, or when the daemon lets go. */
  async read(stream: Stream, from: number): Promise<void> {
    const { runnerId, process, log, closing, fail } = this.#options;
    const journal = process[stream];
    let batches = 0;
    try {
      for await (const batch of journal.lines(from, { signal: closing })) {
        await this.#ingest(stream, journal, batch);
        journal.discard(batch.nextOffset);
        if (batch.nextOffset >= (this.#readUntil.get(stream) ?? Number.POSITIVE_INFINITY)) {
          await this.#skipRest(stream, journal, batch.nextOffset);
          return;
        }
        if (++batches % backlogEvery === 0) await this.#checkBacklog(stream, journal, batch.nextOffset);
      }
    } catch (error) {
      if (closing.aborted || !(error instanceof DriverError)) throw error;
      log.error({ runner: runnerId, stream, error }, "an agent's output cannot be read");
      fail(`the agent's ${stream} could not be read any more`);
    }
  }

  async #ingest(stream: Stream, journal: Journal, batch: LineBatch): Promise<void> {
    const { runnerId, log, closing, fail } = this.#options;
    const waiting = () => this.#checkBacklog(stream, journal, batch.nextOffset);
    try {
      await this.#take(stream, batch, waiting);
    } catch (error) {
      if (closing.aborted || isGone(error)) throw error;
      // A fault of ours: it costs these lines and this runner, and no other.
      log.error({ runner: runnerId, stream, error }, "output could not be processed");
      fail("what the agent printed could not be processed; the daemon's log says why");
      await this.#skip(stream, batch, waiting);
    }
  }

  async #take(stream: Stream, { lines, nextOffset }: LineBatch, waiting: () => Promise<void>): Promise<void> {
    const { runnerId, facts, record, fail } = this.#options;
    const position = { stream, offset: BigInt(nextOffset) };
    const { unreadable, unusable } = await record.insist(
      (tx, memory) => {
        if (stream === "stderr") {
          const texts = lines.map(({ text }) => text);
          memory.stored.stderrTail = stderrTail(memory.stored.stderrTail, texts);
        }
        const received = receiveLines(memory, tx.runners.byId(runnerId), stream, lines);
        const applied = applyUpdates(tx, runnerId, memory, facts, received.updates);
        return { ...applied, lines: [...received.send, ...applied.lines] };
      },
      position,
      waiting,
    );
    this.#noteUnreadable(unreadable);
    if (unusable !== undefined) fail(unusable);
  }

  #skip(stream: Stream, { lines, nextOffset }: LineBatch, waiting: () => Promise<void>): Promise<void> {
    const text = `${lines.length} lines of the agent could not be processed and are missing here.`;
    return this.#leaveGap(stream, nextOffset, text, waiting);
  }

  /** Of an agent that got too far ahead, as much is kept as may wait; the rest is passed over once it has ended. */
  async #skipRest(stream: Stream, journal: Journal, from: number): Promise<void> {
    await orAborted(this.#options.process.exited, this.#options.closing);
    const unread = await journal.unread(from);
    if (unread === 0) return;
    await this.#leaveGap(
      stream,
      from + unread,
      `${unread} bytes that the agent printed last are missing here.`,
    );
  }

  async #leaveGap(stream: Stream, to: number, text: string, waiting?: () => Promise<void>): Promise<void> {
    const { runnerId, record } = this.#options;
    await record.insist(
      (tx, memory) => {
        const sessionId = tx.runners.byId(runnerId)?.sessionId;
        const turnId = sessionId ? (tx.turns.running(sessionId)?.id ?? null) : null;
        if (sessionId) memory.writer(tx, sessionId).notice(tx, turnId, `[stratavore] ${text}`);
        return nothing();
      },
      { stream, offset: BigInt(to) },
      waiting,
    );
  }

  async #checkBacklog(stream: Stream, journal: Journal, from: number): Promise<void> {
    const { maxUnreadBytes, fail } = this.#options;
    if (this.#readUntil.has(stream)) return;
    const unread = await journal.unread(from);
    if (unread <= maxUnreadBytes) return;
    this.#readUntil.set(stream, from + maxUnreadBytes);
    fail(`the agent printed faster than it could be stored: ${unread} bytes wait unread`);
  }

  /** A flood of garbage shall not become one of log lines. */
  #noteUnreadable(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const { runnerId, log } = this.#options;
    const before = this.#unreadable?.count ?? 0;
    const first = this.#unreadable?.first ?? lines[0]!;
    const count = before + lines.length;
    this.#unreadable = { first, count };
    if (before > 0 && Math.trunc(Math.log10(before)) === Math.trunc(Math.log10(count))) return;
    const facts = { runner: runnerId, lines: count, first: first.slice(0, 200) };
    log.warn(facts, "the agent prints lines that are not of its protocol");
  }
}
