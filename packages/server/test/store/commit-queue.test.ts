import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import type { Transaction } from "../../src/store/index.js";
import { addEvent, addProject, oneTo, openTemp, seqs } from "./fixtures.js";

/** Counts the commits that another connection sees; it looks once each time it is asked. */
function commitsOf(file: string): { count: number; look(): void; close(): void } {
  const raw = new Database(file, { readonly: true });
  const version = () => raw.pragma("data_version", { simple: true }) as number;
  let last = version();
  return {
    count: 0,
    look() {
      const now = version();
      if (now !== last) this.count++;
      last = now;
    },
    close: () => raw.close(),
  };
}

describe("the commit queue", () => {
  test("commits the jobs of one event-loop turn together, in order, and settles after the commit", async () => {
    const store = await openTemp();
    const seen: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, place) =>
        store
          .transaction((tx) => addEvent(tx, place))
          .then((seq) => {
            seen.push(store.read.events.after(0n, { limit: 1000 }).length);
            return seq;
          }),
      ),
    );
    expect(results).toEqual(oneTo(100));
    expect(store.read.events.after(0n, { limit: 1000 }).map((event) => event.type)).toEqual([
      ...Array(100).keys(),
    ]);
    // The first promise to settle already saw all hundred: they were one commit.
    expect(seen[0]).toBe(100);
  });

  test("never lets one reader see half of a batch, and takes more turns for more jobs than a batch holds", async () => {
    const store = await openTemp();
    const commits = commitsOf(store.file!);
    const counts = new Set<number>();
    const jobs = Array.from({ length: 600 }, () =>
      store
        .transaction((tx) => addEvent(tx))
        .then(() => {
          commits.look();
          counts.add(Number(store.read.events.head()));
        }),
    );
    await Promise.all(jobs);
    commits.close();
    expect([...counts]).toEqual([256, 512, 600]);
    expect(commits.count).toBe(3);
  });

  test("gives each of two turns its own commit", async () => {
    const store = await openTemp();
    const commits = commitsOf(store.file!);
    await store.transaction((tx) => addEvent(tx));
    commits.look();
    await store.transaction((tx) => addEvent(tx));
    commits.look();
    commits.close();
    expect(commits.count).toBe(2);
  });

  test("undoes a job that throws, and only that one", async () => {
    const store = await openTemp();
    const boom = new Error("no");
    const results = await Promise.allSettled([
      store.transaction((tx) => addEvent(tx, 1)),
      store.transaction((tx) => {
        addEvent(tx, 2);
        addProject(tx);
        throw boom;
      }),
      store.transaction((tx) => addEvent(tx, 3)),
    ]);
    expect(results).toMatchObject([
      { status: "fulfilled", value: 1n },
      { status: "rejected", reason: boom },
      { status: "fulfilled", value: 2n },
    ]);
    expect(store.read.events.after(0n, { limit: 10 }).map((event) => event.type)).toEqual([1, 3]);
    expect(store.read.projects.names()).toEqual([]);
  });

  test("lets a job see what the jobs before it in the batch wrote", async () => {
    const store = await openTemp();
    const [, found] = await Promise.all([
      store.transaction((tx) => addProject(tx)),
      store.transaction((tx) => tx.projects.byName("alpha")?.uid),
    ]);
    expect(found).toBe("project_alpha");
  });

  test("says which constraint a job broke, and goes on", async () => {
    const store = await openTemp();
    await store.transaction((tx) => addProject(tx));
    const [duplicate, orphan, fine] = await Promise.allSettled([
      store.transaction((tx) => tx.projects.insert({ uid: "other", name: "alpha", path: "/x" })),
      store.transaction((tx) =>
        tx.turns.insert({ id: "t", sessionId: "none", runnerId: "r", state: 1, prompt: new Uint8Array() }),
      ),
      store.transaction((tx) => addProject(tx, "beta")),
    ]);
    expect(duplicate).toMatchObject({
      reason: {
        name: "StoreError",
        kind: "constraint",
        constraint: { type: "unique", columns: ["projects.name"] },
      },
    });
    expect(orphan).toMatchObject({ reason: { kind: "constraint", constraint: { type: "foreign_key" } } });
    expect(fine.status).toBe("fulfilled");
    expect(store.health().writeError).toBeUndefined();
  });

  test("refuses a function that returns a promise, and undoes what it did before its first await", async () => {
    const store = await openTemp();
    let late: unknown;
    let finished: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const job = store.transaction(async (tx) => {
      addEvent(tx);
      await null;
      try {
        addEvent(tx);
      } catch (error) {
        late = error;
      }
      finished();
    });
    await expect(job).rejects.toThrow(/must not return a promise/);
    await end;
    expect(late).toMatchObject({ message: expect.stringMatching(/outside of the job/) });
    expect(seqs(store)).toEqual([]);
  });

  test("shuts a transaction after its job", async () => {
    const store = await openTemp();
    let kept: Transaction | undefined;
    await store.transaction((tx) => {
      kept = tx;
    });
    expect(() => addEvent(kept!)).toThrow(/outside of the job/);
    expect(() => kept!.projects.names()).toThrow(/outside of the job/);
  });

  test("drains on close, then takes no more", async () => {
    const store = await openTemp();
    const jobs = Promise.all(Array.from({ length: 300 }, () => store.transaction((tx) => addEvent(tx))));
    const closed = store.close();
    await expect(jobs).resolves.toHaveLength(300);
    await closed;
    await expect(store.transaction((tx) => addEvent(tx))).rejects.toMatchObject({ kind: "closed" });
    expect(() => store.read.projects.names()).toThrow(expect.objectContaining({ kind: "closed" }));
    await expect(store.close()).resolves.toBeUndefined();
  });

  test("commits the job that closes the store, and those beside it", async () => {
    const store = await openTemp();
    const jobs = [
      store.transaction((tx) => {
        void store.close();
        return addEvent(tx);
      }),
      store.transaction((tx) => addEvent(tx)),
    ];
    expect(await Promise.all(jobs)).toEqual([1n, 2n]);
    await store.close();
  });

  test("works in memory the same way", async () => {
    const store = await openTemp({ dataDir: null });
    const results = await Promise.allSettled([
      store.transaction((tx) => addEvent(tx)),
      store.transaction(() => {
        throw new Error("no");
      }),
      store.transaction((tx) => addEvent(tx)),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(seqs(store)).toEqual([1n, 2n]);
    expect(store.snapshot((read) => read.events.head())).toBe(2n);
  });
});
