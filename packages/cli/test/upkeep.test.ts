import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testWorld } from "./support/world.js";

interface Backup {
  path: string;
  sizeBytes: string;
  asOfEventId: string;
}

test("backup writes a file that a daemon can go on with", async () => {
  const world = testWorld();
  await world.startDaemon();
  await world.ok("run", "--agent", "demo", "Say hello.");
  const dated = await world.ok("backup");
  expect(dated).toMatch(new RegExp(`^${world.dataDir}/backups/stratavore-.*\\.db$`));
  const file = join(world.dir, "copy.db");
  const backup = JSON.parse(
    (await world.run(["backup", "--json", "copy.db"], { cwd: world.dir })).stdout,
  ) as Backup;
  expect(backup).toMatchObject({ path: file, sizeBytes: String(statSync(file).size) });
  const again = await world.run(["backup", file]);
  expect([again.code, again.stderr]).toEqual([6, expect.stringContaining(`${file} exists already`)]);

  const restored = testWorld();
  mkdirSync(restored.dataDir, { recursive: true, mode: 0o700 });
  copyFileSync(file, join(restored.dataDir, "stratavore.db"));
  await restored.startDaemon();
  const { sessions } = await restored.json<{ sessions: { id: string }[] }>("sessions");
  expect(await restored.ok("transcript", sessions[0]!.id)).toContain("Say hello.");
});

test("reconcile ends a process that no runner claims; a dry run only names it", async () => {
  const world = testWorld();
  await world.startDaemon();
  expect(await world.ok("reconcile")).toBe("");
  const owner = createHash("sha256").update(realpathSync(world.dataDir)).digest("hex").slice(0, 12);
  const env = { STRATAVORE_NONCE: `${owner}-0123456789abcdef` };
  const orphan = spawn("/bin/sleep", ["600"], { env, stdio: "ignore" });
  onTestFinished(() => void orphan.kill("SIGKILL"));
  const ended = once(orphan, "exit");
  const line = `\torphan killed\t${orphan.pid}\tit carries the mark of a runner that is not on record`;
  await expect.poll(() => world.ok("reconcile", "--dry-run")).toBe(line);
  expect(existsSync(`/proc/${orphan.pid}/exe`)).toBe(true);
  const { actions } = await world.json<{ actions: object[] }>("reconcile");
  expect(actions).toMatchObject([{ action: "orphan_killed", pid: orphan.pid }]);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(await world.ok("reconcile")).toBe("");
});
