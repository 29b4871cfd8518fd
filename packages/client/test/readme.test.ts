import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ProjectService, RunnerService, RunnerStatus, SessionService } from "@stratavore/proto";
import { expect, test } from "vitest";
import { testServer } from "./fixtures/cleanup.js";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${folder}/README.md`, "utf8");

test("the Node example holds a conversation and ends by itself", async () => {
  const example = /## Node\n\n```js\n([\s\S]*?)```/.exec(readme)?.[1];
  const server = await testServer((router) => {
    router.rpc(ProjectService.method.createProject, ({ name }) => ({ project: { name } }));
    router.rpc(RunnerService.method.createRunner, () => ({ runner: { id: "runner_1" } }));
    router.rpc(RunnerService.method.waitRunner, ({ runnerId, statuses }) => {
      expect([runnerId, statuses]).toEqual(["runner_1", [RunnerStatus.RUNNING]]);
      return { runner: { id: runnerId } };
    });
    router.rpc(SessionService.method.createSession, () => ({ session: { id: "session_1" } }));
    router.rpc(SessionService.method.sendMessage, ({ text }) => ({
      turn: { id: `to ${text}` },
      cursor: "0",
    }));
    router.rpc(SessionService.method.streamSession, async function* ({ cursor, untilTurnId }) {
      for (const text of [cursor, " ", untilTurnId]) {
        yield { update: { case: "delta", value: { change: { case: "appendText", value: text } } } };
      }
    });
  });
  const child = spawn(process.execPath, ["--input-type=module", "--eval", example!], {
    cwd: folder,
    env: { ...process.env, STRATAVORE_ADDRESS: `127.0.0.1:${server.port}` },
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect([code, output]).toEqual([0, "0 to Hello"]);
}, 15_000);
