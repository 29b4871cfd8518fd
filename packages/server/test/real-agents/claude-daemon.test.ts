import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TurnState } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { open } from "../rpc/fixture/stratavore.js";
import { answer, asked, call, claudeEnvironment, claudeHouse, over, talking } from "./fixture/claude.js";

const program = fileURLToPath(new URL("../supervise/children/daemon.mjs", import.meta.url));

/** Kills a daemon once it has said so many lines. */
async function killAfter(child: ChildProcess, lines: number): Promise<void> {
  let said = 0;
  for await (const _ of createInterface({ input: child.stdout! })) if (++said >= lines) break;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

test("daemons are killed with -9 while Claude Code answers and asks: it goes on, and each word counts once", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house);
  const { pid } = (await house.runners.getRunner({ runnerId })).runner!;
  const made = join(house.path, "made");
  const text = [
    "!slow 300 60",
    "!chunks 40",
    "!usage 10 5",
    call("Bash", { command: "touch made", description: "make" }),
    "!say Made.",
    "!usage 20 6",
  ].join("\n");
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  await expect.poll(() => answer(house, sessionId)).toContain("chunk 1\n");
  await house.server.close();

  const environment = claudeEnvironment(house.folder, house.api);
  for (const lines of [2, 3, 1]) {
    const child = spawn(process.execPath, [program, join(house.folder, "data"), sessionId], {
      stdio: ["ignore", "pipe", "inherit"],
      env: environment,
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await killAfter(child, lines);
  }

  const again = await open({ folder: house.folder, environment });
  expect((await again.runners.getRunner({ runnerId })).runner?.pid).toBe(pid);
  const { id: approvalId } = await asked(again, sessionId);
  expect(existsSync(made)).toBe(false);
  await again.approvals.resolveApproval({ approvalId, answer: { case: "allow", value: true } });
  const ended = await over(again, sessionId, turn!.id);
  expect(ended).toMatchObject({
    state: TurnState.COMPLETED,
    usage: { inputTokens: 30n, outputTokens: 11n },
  });
  expect(existsSync(made)).toBe(true);
  const chunks = Array.from({ length: 40 }, (_, n) => `chunk ${n + 1}\n`).join("");
  expect(await answer(again, sessionId)).toBe(`${chunks}Made.`);
});
