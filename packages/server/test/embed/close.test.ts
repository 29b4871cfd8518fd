import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RunnerStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { environmentIn, open, temporaryFolder } from "../rpc/fixture/stratavore.js";

const program = fileURLToPath(new URL("./fixture/open-use-close.mjs", import.meta.url));

/** Runs the program until it ends by itself. */
async function run(folder: string, ...more: string[]) {
  const child = spawn(process.execPath, [program, folder, ...more], {
    env: environmentIn(folder),
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output, errors };
}

test("a process ends by itself once its server is closed", async () => {
  const { code, output, errors } = await run(temporaryFolder(), "stop");
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(JSON.parse(output).id).toMatch(/^runner_/);
});

test("its agents live on, and the next server has them", async () => {
  const folder = temporaryFolder();
  const { code, output, errors } = await run(folder);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  const { id } = JSON.parse(output);
  const opened = await open({ folder });
  const { runner } = await opened.runners.getRunner({ runnerId: id });
  expect(runner).toMatchObject({ id, status: RunnerStatus.RUNNING });
  expect(opened.server.reconciled.map(({ runnerId }) => runnerId)).toContain(id);
});
