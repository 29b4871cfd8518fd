import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Code } from "@connectrpc/connect";
import { EventType, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { clientsOf, converse, open, session, temporaryFolder } from "./fixture/stratavore.js";

const project = (folder: string, name: string) => ({ name, path: folder });
const { PROJECT_CREATED } = EventType;

test("a backup that is made while the store is written holds every event up to the one it names", async () => {
  const opened = await open();
  const { daemon, projects, folder } = opened;
  let made = 0;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) await projects.createProject(project(folder, `p${made++}`));
  })();
  await expect.poll(() => made).toBeGreaterThan(20);
  const path = join(folder, "copy.db");
  const backup = await daemon.createBackup({ path });
  await expect.poll(() => made).toBeGreaterThan(40);
  isOver = true;
  await writing;
  expect(backup).toMatchObject({ path, sizeBytes: BigInt(statSync(path).size) });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.partial`)).toBe(false);

  const [epoch, seq] = backup.asOfEventId.split("-");
  const dataDir = join(temporaryFolder(), "data");
  mkdirSync(dataDir, { mode: 0o700 });
  copyFileSync(path, join(dataDir, "stratavore.db"));
  const copy = await open({ dataDir });
  const { asOfEventId, totalCount } = await copy.projects.listProjects({});
  // Each project is one event here.
  expect([asOfEventId.split("-")[1], totalCount]).toEqual([seq, Number(seq)]);
  expect(asOfEventId.split("-")[0]).not.toBe(epoch);
  const old = copy.runners.streamRunnerEvents({ afterEventId: backup.asOfEventId });
  expect(await failureOf(old[Symbol.asyncIterator]().next())).toMatchObject({ code: Code.OutOfRange });
  const events: string[] = [];
  const all = copy.runners.streamRunnerEvents({ fromStart: true, eventTypes: [PROJECT_CREATED] });
  for await (const { eventId } of all) if (events.push(eventId.split("-")[1]!) === Number(seq)) break;
  expect(events).toEqual(Array.from({ length: Number(seq) }, (_, index) => `${index + 1}`));
});

test("without a path it is a dated file among the backups of the data directory", async () => {
  const { daemon, folder } = await open();
  const first = await daemon.createBackup({});
  const second = await daemon.createBackup({});
  expect([dirname(first.path), dirname(second.path)]).toEqual(
    Array.from({ length: 2 }, () => join(folder, "data", "backups")),
  );
  expect(readdirSync(dirname(first.path)).sort()).toEqual(
    [basename(first.path), basename(second.path)].sort(),
  );
  const named = join(folder, "data", "backups", "by-hand.db");
  expect((await daemon.createBackup({ path: named })).path).toBe(named);
});

test("a backup takes nobody's file and no place of the daemon's own", async () => {
  const { daemon, folder } = await open();
  const taken = join(folder, "taken.db");
  writeFileSync(taken, "mine");
  const halfway = join(folder, "halfway.db");
  writeFileSync(`${halfway}.partial`, "mine too");
  symlinkSync(join(folder, "data"), join(folder, "aside"));
  const refused = async (path: string) => {
    const { code, message } = await failureOf(daemon.createBackup({ path }));
    return [Code[code], message];
  };
  expect(await refused(taken)).toEqual(["AlreadyExists", expect.stringContaining(taken)]);
  expect(await refused(halfway)).toEqual(["AlreadyExists", expect.stringContaining(`${halfway}.partial`)]);
  expect(await refused("copy.db")).toEqual(["InvalidArgument", expect.stringContaining("relative")]);
  expect(await refused(`${folder}/x/../copy.db`)).toEqual([
    "InvalidArgument",
    expect.stringContaining('".."'),
  ]);
  expect(await refused(`${folder}/`)).toEqual([
    "InvalidArgument",
    expect.stringContaining("names a directory"),
  ]);
  expect(await refused(join(folder, "missing", "copy.db"))).toEqual([
    "FailedPrecondition",
    expect.stringContaining("create it first"),
  ]);
  for (const own of ["data/copy.db", "data/runners/copy.db", "aside/copy.db"]) {
    if (own.includes("runners")) mkdirSync(join(folder, "data", "runners"), { recursive: true });
    expect(await refused(join(folder, own))).toEqual([
      "InvalidArgument",
      expect.stringContaining("own files"),
    ]);
  }
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith(".db") || name.endsWith(".partial"))
      .sort(),
  ).toEqual(["halfway.db.partial", "taken.db"]);
});

test("a record in memory has no file to copy", async () => {
  const { daemon } = await open({ dataDir: null });
  expect(await failureOf(daemon.createBackup({}))).toMatchObject({ code: Code.FailedPrecondition });
});

test("of a backup whose caller leaves, nothing stays", async () => {
  const opened = await open();
  const { daemon, folder, projects } = opened;
  const description = "x".repeat(4000);
  for (let batch = 0; batch < 8; batch++) {
    const some = Array.from({ length: 250 }, (_, n) => ({
      ...project(folder, `p${batch}-${n}`),
      description,
    }));
    await Promise.all(some.map((one) => projects.createProject(one)));
  }
  const path = join(folder, "copy.db");
  const leaving = new AbortController();
  const backup = failureOf(daemon.createBackup({ path }, { signal: leaving.signal }));
  await expect.poll(() => existsSync(`${path}.partial`), { interval: 1 }).toBe(true);
  leaving.abort();
  expect((await backup).code).toBe(Code.Canceled);
  await expect.poll(() => readdirSync(folder).filter((name) => name.startsWith("copy.db"))).toEqual([]);
  // The path is free again.
  expect((await clientsOf(opened.server.transport).daemon.createBackup({ path })).path).toBe(path);
});

test("a server on a copy of the record leaves the agents to the server that has them", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  const path = join(opened.folder, "copy.db");
  await opened.daemon.createBackup({ path });
  const dataDir = join(temporaryFolder(), "data");
  mkdirSync(dataDir, { mode: 0o700 });
  copyFileSync(path, join(dataDir, "stratavore.db"));
  const copy = await open({ dataDir });
  const { runner } = await copy.runners.getRunner({ runnerId });
  expect(runner).toMatchObject({
    status: RunnerStatus.FAILED,
    reason: expect.stringContaining("copied or moved"),
  });
  await converse(opened, sessionId, "!say still here");
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  expect(messages.at(-1)).toMatchObject({ content: "still here" });
});

test("a place where the daemon may not write is refused, and not as something that passes by itself", async () => {
  const { daemon, folder } = await open();
  for (const path of ["/proc/copy.db", join(folder, "a".repeat(300))]) {
    expect(await failureOf(daemon.createBackup({ path }))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "BACKUP_PATH",
      details: { path },
    });
  }
});
