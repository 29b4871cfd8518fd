import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { openHouse, scripted } from "./house.js";

const { STARTING, TERMINATED, FAILED } = RunnerStatus;
const program = fileURLToPath(new URL("children/restarting.mjs", import.meta.url));

test.each([
  ["while the agent is being stopped", TERMINATED, 1, /stopped to be restarted/],
  ["when the agent has ended", TERMINATED, 1, /stopped to be restarted/],
  ["before the next agent is started", FAILED, 2, /ended before the agent was started/],
  ["before the start of the next agent is recorded", FAILED, 2, /ended while the agent was being started/],
] as const)(
  "a daemon is killed %s: the next one settles it, and the session goes on",
  {
    timeout: 60_000,
  },
  async (when, status, incarnation, reason) => {
    const house = await openHouse();
    const { runnerId, sessionId } = await house.talking("plain");
    await house.say(sessionId, "!say one");
    const isSlow = when === "while the agent is being stopped";
    if (isSlow) {
      await house.send(sessionId, "!ignore-sigterm\n!ignore-eof\n!ignore-cancel\n!say ready\n!hang");
      await expect.poll(() => house.answer(sessionId)).toBe("oneready");
    }
    await house.close();

    const request = { runnerId, preserveSession: true, timeoutSeconds: isSlow ? 600 : 10, requestId: "r" };
    const options = { dataDir: house.dataDir, agents: [scripted(house, "plain")] };
    const child = spawn(process.execPath, [program, JSON.stringify(options), JSON.stringify(request), when], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    await house.open();
    expect(await house.status(runnerId, status)).toMatchObject({
      incarnation,
      reason: expect.stringMatching(reason),
    });
    await expect.poll(() => house.carriers()).toEqual([]);
    expect(await house.session(sessionId)).toMatchObject({ status: SessionStatus.RESUMABLE, runnerId });

    // A repeat does what was not done, and gets the answer to what was.
    const repeated = await house.runners.restartRunner(request);
    expect(repeated.runner).toMatchObject({ status: STARTING, incarnation: 2 });
    if (incarnation === 2) {
      expect((await house.runner(runnerId)).status).toBe(FAILED);
      await house.runners.restartRunner({ ...request, requestId: "" });
    }
    await expect.poll(async () => (await house.runner(runnerId)).sessionId).toBe(sessionId);
    await house.say(sessionId, "!say two");
    expect(await house.answer(sessionId)).toBe(`one${isSlow ? "ready" : ""}two`);
    expect(house.errors).toEqual([]);
  },
);
