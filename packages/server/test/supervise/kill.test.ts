import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EventType, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import type { ReconcileStep } from "../../src/index.js";
import { isAlive, openHouse } from "./house.js";

const program = fileURLToPath(new URL("children/daemon.mjs", import.meta.url));
const rounds = 6;
const perRound = 80;
const chunks = Array.from({ length: perRound }, (_, n) => `chunk ${n + 1}\n`).join("");

interface Said {
  reconciled?: ReconcileStep[];
  stored?: number;
}

/** What a daemon in a process of its own says, until `enough`; then it is killed. */
async function killWhen(child: ChildProcess, enough: (said: Said[]) => boolean): Promise<Said[]> {
  const said: Said[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    said.push(JSON.parse(line) as Said);
    if (enough(said)) break;
  }
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  return said;
}

test("six daemons are killed with -9 while an agent streams: same agent, each word once, no event lost", {
  timeout: 180_000,
}, async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const { pid } = await house.runner(runnerId);
  const gate = (round: number) => `${house.root}/gate-${round}`;
  const script = Array.from({ length: rounds }, (_, round) => `!wait ${gate(round)}\n!chunks ${perRound} 10`);
  const turn = await house.send(sessionId, ["!say begin\n", ...script, "!usage 3 4"].join("\n"));
  await expect.poll(() => house.answer(sessionId)).toBe("begin");
  await house.close();

  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [program, house.dataDir, sessionId], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    // Sometimes right after it has taken over, otherwise in the middle of its work.
    const steps = (round % 3) * 10;
    const said = await killWhen(child, (all) => {
      writeFileSync(gate(round), "");
      return all.length > steps;
    });
    expect(said[0]!.reconciled).toEqual([expect.objectContaining({ runnerId, action: "adopted", pid })]);
    expect(isAlive(pid)).toBe(true);
  }

  await house.open();
  expect(await house.runner(runnerId)).toMatchObject({ status: RunnerStatus.RUNNING, pid, incarnation: 1 });
  expect(await house.over(sessionId, turn.id)).toMatchObject({
    state: TurnState.COMPLETED,
    usage: { inputTokens: 3n, outputTokens: 4n },
  });
  expect(await house.answer(sessionId)).toBe(`begin${chunks.repeat(rounds)}`);
  const types = Object.values(EventType).filter((type): type is EventType => typeof type === "number");
  const all = await house.events(...types.filter((type) => type !== EventType.UNSPECIFIED));
  const seqs = all.map(({ eventId }) => Number(eventId.split("-")[1]));
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  const adopted = all.filter(({ eventType }) => eventType === EventType.RUNNER_ADOPTED);
  expect(adopted.length).toBe(rounds + 1);
});
