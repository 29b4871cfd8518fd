import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { openStore, type Store } from "../../src/store/index.js";
import { addProject, addRunner, addSession, openTemp, tempDir, withRaw } from "./fixtures.js";

const patient = { timeout: 20_000, interval: 20 };
const PAGE = 4096;

/** A closed store with a transcript of many pages, and which pages of the file hold it. */
async function withTranscript(): Promise<{ dataDir: string; file: string; pages: number[] }> {
  const dataDir = tempDir();
  const store = await openStore({ dataDir });
  await store.transaction((tx) => {
    addProject(tx);
    addRunner(tx, "runner_1");
    addSession(tx, "session_1");
    for (let n = 0; n < 200; n++) {
      tx.messages.append({
        sessionId: "session_1",
        role: "user",
        content: "x".repeat(3000),
        parts: new Uint8Array(10),
      });
    }
  });
  await store.close();
  const file = join(dataDir, "stratavore.db");
  const pages = withRaw(file, (raw) =>
    raw
      .prepare<[], number>(
        "SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' ORDER BY pageno",
      )
      .pluck()
      .all(),
  );
  return { dataDir, file, pages };
}

function overwritePages(file: string, pages: readonly number[]): void {
  const fd = openSync(file, "r+");
  for (const page of pages) writeSync(fd, Buffer.alloc(PAGE, 0xee), 0, PAGE, (page - 1) * PAGE);
  closeSync(fd);
}

const uncleanStop = (file: string) =>
  withRaw(file, (raw) => raw.exec("DELETE FROM meta WHERE key = 'clean'"));

const transcriptOf = (store: Store) => () => store.read.messages.page("session_1", 1n, 1000);

test("after a clean stop nothing is looked through", async () => {
  const { dataDir } = await withTranscript();
  const store = await openTemp({ dataDir });
  expect(store.health()).toEqual({ file: "sound", problems: [], writeError: undefined });
});

test("after an unclean stop a sound file is looked through in the background and found sound", async () => {
  const { dataDir, file } = await withTranscript();
  uncleanStop(file);
  const store = await openTemp({ dataDir });
  const told = store.tail.changed(["health"]).wait();
  expect(store.health().file).toBe("checking");
  await store.transaction((tx) => addProject(tx, "beta"));
  await told;
  expect(store.health()).toMatchObject({ file: "sound", problems: [] });
});

test("damage is found in the background, reads of it say so, and the rest goes on", async () => {
  const { dataDir, file, pages } = await withTranscript();
  uncleanStop(file);
  overwritePages(file, pages.slice(20, 23));
  const size = statSync(file).size;
  const store = await openTemp({ dataDir });
  await vi.waitFor(() => expect(store.health().file).toBe("damaged"), patient);
  expect(store.health().problems.length).toBeGreaterThan(0);
  expect(transcriptOf(store)).toThrow(expect.objectContaining({ name: "StoreError", kind: "data_loss" }));
  await store.transaction((tx) => addProject(tx, "beta"));
  expect(store.read.projects.names()).toEqual(["alpha", "beta"]);
  await store.close();
  expect(statSync(file).size).toBeGreaterThanOrEqual(size);

  // Damage does not pass by a stop in order: the next start looks again.
  const again = await openTemp({ dataDir });
  await vi.waitFor(() => expect(again.health().file).toBe("damaged"), patient);
});

test("a read that meets damage is enough to turn the health", async () => {
  const { dataDir, file, pages } = await withTranscript();
  overwritePages(file, pages.slice(5, 6));
  const store = await openTemp({ dataDir });
  expect(store.health().file).toBe("sound");
  expect(transcriptOf(store)).toThrow(expect.objectContaining({ kind: "data_loss" }));
  expect(store.health().file).toBe("damaged");
});

test("a check that cannot be run is said to be missing", async () => {
  const { dataDir, file } = await withTranscript();
  uncleanStop(file);
  const store = await openTemp({ dataDir, sqliteModule: "/no/such/module" });
  await vi.waitFor(() => expect(store.health().file).toBe("unchecked"), patient);
});

test("closing does not wait for the check", async () => {
  const { dataDir, file } = await withTranscript();
  uncleanStop(file);
  const store = await openStore({ dataDir });
  await store.close();
  const again = await openTemp({ dataDir });
  expect(again.health().file).toBe("checking");
});
