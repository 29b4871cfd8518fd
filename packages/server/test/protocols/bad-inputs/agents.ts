import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunnerService, RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import type { AgentProfile } from "../../../src/agents/index.js";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { PlainAnswer } from "../fixture/plain-client.js";
import type { Case, Row } from "./table.js";

const { createRunner } = RunnerService.method;

/** A program that speaks no protocol, as an agent. */
export const program = (name: string, ...command: string[]): AgentProfile => ({
  name,
  title: name,
  protocol: "acp",
  command,
});

const exec = (...args: string[]) => ({ projectName: "web", spec: { agent: "exec", args } });

/** The runner that the answer tells of becomes FAILED, for this reason. */
const fails =
  (reason: RegExp) =>
  async ({ messages: [created] }: PlainAnswer, { runners }: Opened) => {
    const { id } = (created as unknown as { runner: { id: string } }).runner;
    await runners.waitRunner({ runnerId: id });
    const { runner: ended } = await runners.getRunner({ runnerId: id });
    expect(ended).toMatchObject({ status: RunnerStatus.FAILED, reason: expect.stringMatching(reason) });
  };

/** What is wrong with the agent. */
export const agents: readonly Row[] = [
  {
    number: 39,
    what: "an agent that cannot be started",
    answer: "failed_precondition",
    options: {
      startTimeoutMs: 700,
      agents: [
        program("missing", "no-such-program"),
        program("leaves", "sh", "-c", "exit 3"),
        program("noisy", "sh", "-c", "echo 'Usage: agent'; exit 0"),
        program("silent", "sleep", "300"),
      ],
    },
    cases: [
      {
        input: "its program is not found",
        call: () => ({ method: createRunner, message: { projectName: "web", spec: { agent: "missing" } } }),
      },
      {
        input: "a command is not found",
        call: () => ({ method: createRunner, message: exec("no-such-program") }),
      },
      {
        input: "a command is not executable",
        call({ folder }) {
          const path = join(folder, "plain");
          writeFileSync(path, "#!/bin/sh\n");
          chmodSync(path, 0o644);
          return { method: createRunner, message: exec(path) };
        },
      },
      {
        input: "a command is a directory",
        call: ({ folder }) => ({ method: createRunner, message: exec(folder) }),
      },
      ...[
        ["it exits at once", { projectName: "web", spec: { agent: "leaves" } }, /exit code 3/] as const,
        ["it prints garbage", { projectName: "web", spec: { agent: "noisy" } }, /Usage: agent/] as const,
        [
          "it never answers",
          { projectName: "web", spec: { agent: "silent" } },
          /did not answer within 0\.7 s/,
        ] as const,
        ["a command exits with 4", exec("sh", "-c", "exit 4"), /exit code 4/] as const,
      ].map(
        ([input, message, reason]): Case => ({
          input,
          answer: "ok",
          leaves: true,
          call: () => ({ method: createRunner, message }),
          check: fails(reason),
        }),
      ),
    ],
  },
];
