import { LogLevel } from "@stratavore/proto";

/** A line of the log, as it is kept. */
export interface LogLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Numbered extends LogLine {
  /** Place among the lines of every severity. */
  readonly seq: number;
}

/** How much is kept of each severity: lines, and characters in them. */
const defaultLimits = { lines: 1_000, characters: 1_000_000 };

/** Lines that a reader gets at a time, and holds while it is slow. */
const pageSize = 64;

const severities = [LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR] as const;

/** How far a reader has come: for each severity, how many lines of it lie behind. */
export type LogPosition = ReadonlyMap<LogLevel, number>;

/**
 * The last lines of each severity, so that many of one do not push out the few of another. Readers hold a position and
 * no lines.
 */
export class KeptLines {
  readonly #kept: ReadonlyMap<LogLevel, Shelf>;
  readonly #waiting = new Set<() => void>();
  #seq = 0;

  constructor(limits: typeof defaultLimits = defaultLimits) {
    this.#kept = new Map(severities.map((level) => [level, new Shelf(limits)]));
  }

  add(line: LogLine): void {
    this.#seq++;
    this.#kept.get(line.level)?.add({ ...line, seq: this.#seq });
    for (const wake of [...this.#waiting]) wake();
  }

  /** The position with the last `count` lines of at least this severity ahead. */
  before(count: number, least: LogLevel): LogPosition {
    const shelves = [...this.#kept].filter(([level]) => level >= least);
    const ahead = inOrder(shelves.flatMap(([, shelf]) => shelf.lines.slice(-count))).slice(-count);
    const aheadOf = (level: LogLevel) => ahead.filter((line) => line.level === level).length;
    return new Map(shelves.map(([level, { total }]) => [level, total - aheadOf(level)]));
  }

  /** The next lines behind a position, oldest first, and how many before them are no longer kept. */
  after(position: LogPosition): { lines: LogLine[]; missed: number; position: LogPosition } {
    const shelves = [...position].map(([level, behind]) => [level, behind, this.#kept.get(level)!] as const);
    const lines = inOrder(shelves.flatMap(([, behind, shelf]) => shelf.after(behind))).slice(0, pageSize);
    const next = shelves.map(([level, behind, shelf]) => {
      const taken = lines.filter((line) => line.level === level).length;
      return [level, Math.max(behind, shelf.gone) + taken] as const;
    });
    const missed = shelves.reduce((sum, [, behind, { gone }]) => sum + Math.max(0, gone - behind), 0);
    return { lines, missed, position: new Map(next) };
  }

  /** Settles with the next line, of whatever severity. @throws the signal's reason */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", abort);
      };
      const wake = () => {
        over();
        resolve();
      };
      const abort = () => {
        over();
        reject(signal.reason);
      };
      if (signal.aborted) return abort();
      this.#waiting.add(wake);
      signal.addEventListener("abort", abort);
    });
  }
}

const inOrder = (lines: Numbered[]): Numbered[] => lines.sort((a, b) => a.seq - b.seq);

class Shelf {
  readonly lines: Numbered[] = [];
  /** Lines that are no longer kept. */
  gone = 0;
  #characters = 0;

  constructor(readonly limits: typeof defaultLimits) {}

  /** Lines ever. */
  get total(): number {
    return this.gone + this.lines.length;
  }

  /** A page of the lines after so many. */
  after(behind: number): Numbered[] {
    const from = Math.max(0, behind - this.gone);
    return this.lines.slice(from, from + pageSize);
  }

  add(line: Numbered): void {
    this.lines.push(line);
    this.#characters += sizeOf(line);
    while (this.lines.length > this.limits.lines || this.#characters > this.limits.characters) {
      this.#characters -= sizeOf(this.lines.shift()!);
      this.gone++;
    }
  }
}

const sizeOf = ({ message, fields }: LogLine): number =>
  Object.entries(fields).reduce((sum, [name, text]) => sum + name.length + text.length, message.length);
