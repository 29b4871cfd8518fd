import { and, eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { UsageAddition } from "../rows.js";
import { usageDaily } from "../schema/index.js";
import { inserter } from "./insert.js";

const slot = sql.placeholder;

/** What was spent in one currency on one basis. */
export interface Cost {
  readonly currency: string;
  readonly basis: number;
  /** Billionths of one unit of the currency. */
  readonly nanos: bigint;
}

/** Tokens added up; costs apart by currency and basis, as those cannot be added. */
export interface UsageSum {
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly cacheReadTokens: bigint;
  readonly cacheWriteTokens: bigint;
  readonly reasoningTokens: bigint;
  readonly costs: readonly Cost[];
}

const COUNTERS = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
  "costNanos",
] as const;

type Counter = (typeof COUNTERS)[number];

const summed = (counter: Counter) => sql<bigint>`sum(${usageDaily[counter]})`;

export class UsageReads {
  readonly #today;
  readonly #total;

  constructor({ wide }: Connection) {
    const sums = (day: boolean) =>
      wide.all((db) =>
        db
          .select({
            currency: usageDaily.currency,
            basis: usageDaily.costBasis,
            inputTokens: summed("inputTokens"),
            outputTokens: summed("outputTokens"),
            cacheReadTokens: summed("cacheReadTokens"),
            cacheWriteTokens: summed("cacheWriteTokens"),
            reasoningTokens: summed("reasoningTokens"),
            costNanos: summed("costNanos"),
          })
          .from(usageDaily)
          .where(
            and(
              eq(usageDaily.projectUid, slot("projectUid")),
              day ? eq(usageDaily.day, slot("day")) : undefined,
            ),
          )
          .groupBy(usageDaily.currency, usageDaily.costBasis),
      );
    this.#today = sums(true);
    this.#total = sums(false);
  }

  /** What the project spent on a UTC day, `YYYY-MM-DD`. */
  today(projectUid: string, day: string): UsageSum {
    return add(this.#today({ projectUid, day }));
  }

  /** What the project ever spent. */
  total(projectUid: string): UsageSum {
    return add(this.#total({ projectUid }));
  }
}

export class UsageWrites extends UsageReads {
  readonly #insert;
  readonly #increase;

  constructor(connection: Connection) {
    super(connection);
    const { wide } = connection;
    const same = and(
      eq(usageDaily.projectUid, slot("projectUid")),
      eq(usageDaily.day, slot("day")),
      eq(usageDaily.runnerId, slot("runnerId")),
      eq(usageDaily.sessionId, slot("sessionId")),
      eq(usageDaily.model, slot("model")),
      eq(usageDaily.costBasis, slot("costBasis")),
      eq(usageDaily.currency, slot("currency")),
    );
    this.#insert = inserter(wide, usageDaily);
    this.#increase = wide.run((db) => {
      const sums = COUNTERS.map((counter) => [counter, sql`${usageDaily[counter]} + ${slot(counter)}`]);
      return db.update(usageDaily).set(Object.fromEntries(sums)).where(same);
    });
  }

  /** Adds to what that day, runner, session, model and kind of cost have spent. */
  add(addition: UsageAddition): void {
    const counters = Object.fromEntries(COUNTERS.map((counter) => [counter, addition[counter] ?? 0n]));
    if (this.#increase({ ...addition, ...counters }).changes === 0) this.#insert(addition);
  }
}

function add(groups: readonly ({ currency: string; basis: number } & Record<Counter, bigint>)[]): UsageSum {
  const sum = (counter: Counter) => groups.reduce((total, group) => total + group[counter], 0n);
  const spent = groups.filter((group) => group.costNanos !== 0n);
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cacheReadTokens: sum("cacheReadTokens"),
    cacheWriteTokens: sum("cacheWriteTokens"),
    reasoningTokens: sum("reasoningTokens"),
    costs: spent.map(({ currency, basis, costNanos }) => ({ currency, basis, nanos: costNanos })),
  };
}
