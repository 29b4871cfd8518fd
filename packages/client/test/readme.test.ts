import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ErrorInfoSchema,
  ProjectService,
  RunnerService,
  RunnerStatus,
  SessionService,
} from "@stratavore/proto";
import { BadRequestSchema, QuotaFailureSchema } from "@stratavore/proto/rpc";
import { expect, test } from "vitest";
import { testServer } from "./fixtures/cleanup.js";
import type { TestServer } from "./fixtures/server.js";

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
  expect(await run(example!, server)).toEqual([0, "0 to Hello"]);
}, 15_000);

type Details = ConstructorParameters<typeof ConnectError>[3];

test.each<[what: string, code: Code, details: Details, output: string]>([
  [
    "what is not there",
    Code.NotFound,
    [{ desc: ErrorInfoSchema, value: { code: "PROJECT_NOT_FOUND", details: { project: "my-project" } } }],
    "PROJECT_NOT_FOUND: my-project\n",
  ],
  [
    "a bad field",
    Code.InvalidArgument,
    [{ desc: BadRequestSchema, value: { fieldViolations: [{ field: "temperature" }] } }],
    "temperature\n",
  ],
  [
    "a quota",
    Code.ResourceExhausted,
    [
      { desc: QuotaFailureSchema, value: { violations: [{ subject: "project:my-project" }] } },
      {
        desc: ErrorInfoSchema,
        value: { details: { quota: "max_concurrent_runners", limit: "2", used: "2" } },
      },
    ],
    "2 of 2 max_concurrent_runners\n",
  ],
])(
  "the example of errors tells %s",
  async (_, code, details, output) => {
    const example = /## Errors[\s\S]*?```js\n([\s\S]*?)```/.exec(readme)?.[1];
    const server = await testServer((router) => {
      router.rpc(RunnerService.method.createRunner, () => {
        throw new ConnectError("no", code, undefined, details);
      });
    });
    const before = 'import { createClient } from "@stratavore/client/node"; const client = createClient();';
    expect(await run(`${before}${example}await client.close();`, server)).toEqual([0, output]);
  },
  15_000,
);

/** Exit code and output of a program that finds its server by the environment. */
async function run(program: string, { port }: TestServer): Promise<[number, string]> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: folder,
    env: { ...process.env, STRATAVORE_ADDRESS: `127.0.0.1:${port}` },
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number>((resolve) => child.once("close", resolve));
  return [code, output];
}
