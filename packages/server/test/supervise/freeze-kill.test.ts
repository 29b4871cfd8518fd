import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { isFrozen } from "./frozen.js";
import { type House, openHouse, scripted } from "./house.js";

const { PAUSED, RUNNING, FAILED } = RunnerStatus;
const program = fileURLToPath(new URL("children/freezing.mjs", import.meta.url));

/** Lets a daemon in a process of its own do as told until it kills itself. */
async function untilKilled(house: House, ids: object, when: string): Promise<void> {
  const options = { dataDir: house.dataDir, agents: [scripted(house, "plain")] };
  const child = spawn(process.execPath, [program, JSON.stringify(options), JSON.stringify(ids), when], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

test("a daemon is killed between a resume and the thaw: the next one thaws", {
  timeout: 120_000,
}, async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.close();
  await untilKilled(house, { runnerId, sessionId }, "thaw");
  expect(await isFrozen(house)).toBe(true);
  await house.open();
  expect((await house.runner(runnerId)).status).toBe(RUNNING);
  expect(await isFrozen(house)).toBe(false);
  expect((await house.say(sessionId, "!say one")).state).toBe(TurnState.COMPLETED);
  expect(await house.answer(sessionId)).toBe("one");
});

test("a message that was being handed to an agent that is frozen: its time runs from the thaw on", {
  timeout: 120_000,
}, async () => {
  const house = await openHouse({ silent: { on: { start: { block: true } } } });
  const { runnerId, sessionId } = await house.talking("plain");
  const { pid: wrapper } = await house.runner(runnerId);
  await house.close();
  const signal = async (name: NodeJS.Signals) => {
    for (const pid of await house.carriers()) if (pid !== wrapper) process.kill(pid, name);
  };
  // It reads nothing, so that only a part of the message gets into its input.
  await signal("SIGSTOP");
  await untilKilled(house, { runnerId, sessionId }, "sending");

  await house.open({ startTimeoutMs: 1_500 });
  const silent = await house.runners.createRunner({ projectName: "p", spec: { agent: "silent" } });
  await house.status(silent.runner!.id, FAILED);
  // So the time in which it had to show a sign is over.
  const { id, state } = (await house.session(sessionId)).latestTurn!;
  expect(state).toBe(TurnState.SENDING);
  expect((await house.runner(runnerId)).status).toBe(PAUSED);
  const waiting = await house.send(sessionId, "!say two");
  await house.runners.resumeRunner({ runnerId });
  await signal("SIGCONT");
  expect(await house.over(sessionId, id)).toMatchObject({
    state: TurnState.DELIVERY_UNKNOWN,
    stopReason: "delivery_unknown",
  });
  expect((await house.over(sessionId, waiting.id)).state).toBe(TurnState.COMPLETED);
  expect(await house.answer(sessionId)).toBe("two");
});
