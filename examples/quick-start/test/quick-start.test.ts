import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createStratavore } from "@stratavore/server";
import { afterEach, beforeEach, expect, test } from "vitest";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(folder, "../../README.md"), "utf8");
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

let place: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "stratavore-quick-start-"));
  environment = {
    ...process.env,
    XDG_DATA_HOME: join(place, "data"),
    XDG_STATE_HOME: join(place, "state"),
    STRATAVORE_TESTKIT_DELAY_MS: "0",
    STRATAVORE_DATA_DIR: "",
    STRATAVORE_ADDRESS: "",
    STRATAVORE_TOKEN: "",
    PORT: "0",
  };
});

afterEach(() => rm(place, { recursive: true, force: true }));

test("the README shows the programs as they are here", async () => {
  const programs = await Promise.all(
    ["client.ts", "embed.ts"].map((name) => readFile(join(folder, name), "utf8")),
  );
  expect(blocks).toEqual(programs);
});

test("the client's program has a conversation with a daemon that it finds by itself", async () => {
  await using stratavore = await createStratavore({ environment });
  await stratavore.listen(["127.0.0.1:0", `unix:${join(place, "data/stratavore/stratavore.sock")}`]);
  const { stdout } = await run(process.execPath, [join(folder, "client.ts")], {
    cwd: place,
    env: environment,
  });
  expect(stdout).toContain("demo agent");
  expect(stdout).toContain("What is here?");
});

test("the embedded program runs an agent, shows its events with their ids, and ends", async () => {
  const { stdout } = await run(process.execPath, [join(folder, "embed.ts")], {
    cwd: place,
    env: environment,
  });
  const lines = stdout.trim().split("\n");
  expect(lines.map((line) => line.replace(/^[a-z0-9]+-\d+ /, ""))).toEqual([
    "RUNNER_STARTED",
    "TURN_STARTED",
    "TURN_COMPLETED",
  ]);
});
