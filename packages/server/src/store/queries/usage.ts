import { and, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { UsageAddition } from "../rows.js";
import { usageDaily, usageSums } from "../schema/index.js";
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

type SumRow = { projectUid: string; currency: string; basis: number } & Record<Counter, bigint>;

/** The day under which sums over all time are kept. */
const EVER = "";

export class UsageReads {
  readonly #ofProject;
  readonly #ofAll;
  readonly #ofRunner;
  readonly #ofRunnerEver;

  constructor({ wide }: Connection) {
    const { day: _, costBasis, ...columns } = getTableColumns(usageSums);
    const sums = (where: SQL | undefined) =>
      wide.all<SumRow>((db) =>
        db
          .select({ ...columns, basis: costBasis })
          .from(usageSums)
          .where(where)
          .orderBy(usageSums.projectUid, usageSums.currency, usageSums.costBasis),
      );
    const onDay = eq(usageSums.day, slot("day"));
    this.#ofProject = sums(and(onDay, eq(usageSums.projectUid, slot("projectUid"))));
    this.#ofAll = sums(onDay);
    const {
      sessionId,
      model,
      runnerId,
      day,
      costBasis: basis,
      person: _p,
      ...rest
    } = getTableColumns(usageDaily);
    const { projectName: _n, ...daily } = rest;
    this.#ofRunner = wide.all<SumRow>((db) =>
      db
        .select({ ...daily, basis })
        .from(usageDaily)
        .where(
          and(eq(daily.projectUid, slot("projectUid")), eq(day, slot("day")), eq(runnerId, slot("runnerId"))),
        ),
    );
    this.#ofRunnerEver = wide.all<SumRow>((db) =>
      db
        .select({ ...daily, basis })
        .from(usageDaily)
        .where(eq(runnerId, slot("runnerId"))),
    );
  }

  /** What the project spent on a UTC day, `YYYY-MM-DD`. */
  today(projectUid: string, day: string): UsageSum {
    return add(this.#ofProject({ projectUid, day }));
  }

  /** What one of the project's runners spent on a UTC day. */
  ofRunner(projectUid: string, day: string, runnerId: string): UsageSum {
    return add(this.#ofRunner({ projectUid, day, runnerId }));
  }

  /** What a runner ever spent. */
  ofRunnerEver(runnerId: string): UsageSum {
    return add(this.#ofRunnerEver({ runnerId }));
  }

  /** What the project ever spent. */
  total(projectUid: string): UsageSum {
    return this.today(projectUid, EVER);
  }

  /** What all projects spent on a UTC day, or ever; deleted ones too. */
  ofAll(day?: string): UsageSum {
    return add(this.#ofAll({ day: day ?? EVER }));
  }

  /** What each project spent on a UTC day, or ever, by its uid; deleted ones too. One that spent nothing is missing. */
  byProject(day?: string): Map<string, UsageSum> {
    const rows = Map.groupBy(this.#ofAll({ day: day ?? EVER }), (row) => row.projectUid);
    return new Map([...rows].map(([uid, sums]) => [uid, add(sums)]));
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
      eq(usageDaily.person, slot("person")),
      eq(usageDaily.costBasis, slot("costBasis")),
      eq(usageDaily.currency, slot("currency")),
    );
    this.#insert = inserter(wide, usageDaily);
    this.#increase = wide.run((db) => {
      const sums = COUNTERS.map((counter) => [counter, sql`${usageDaily[counter]} + ${slot(counter)}`]);
      return db.update(usageDaily).set(Object.fromEntries(sums)).where(same);
    });
  }

  /** Adds to what that day, runner, session, model, person and kind of cost have spent. */
  add(addition: UsageAddition): void {
    const counters = Object.fromEntries(COUNTERS.map((counter) => [counter, addition[counter] ?? 0n]));
    const row = { person: "", ...addition, ...counters };
    if (this.#increase(row).changes === 0) this.#insert(addition);
  }
}

function add(rows: readonly SumRow[]): UsageSum {
  const sum = (counter: Counter) => rows.reduce((total, row) => total + row[counter], 0n);
  const costs = new Map<string, Cost>();
  for (const { currency, basis, costNanos } of rows) {
    if (costNanos === 0n) continue;
    const key = `${basis} ${currency}`;
    costs.set(key, { currency, basis, nanos: costNanos + (costs.get(key)?.nanos ?? 0n) });
  }
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cacheReadTokens: sum("cacheReadTokens"),
    cacheWriteTokens: sum("cacheWriteTokens"),
    reasoningTokens: sum("reasoningTokens"),
    costs: [...costs.values()],
  };
}
