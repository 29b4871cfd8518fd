import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { SessionStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { openHouse, strange } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";

const { IDLE, ENDED } = SessionStatus;

/** A session of an agent that makes a copy no sooner than a file is there. */
async function slowToFork(startTimeoutMs = 60_000) {
  const folder = mkdtempSync(join(tmpdir(), "gate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const gate = join(folder, "gate");
  const agent = strange(
    "forking",
    `({ id, method, params }, say) => {
      const reply = (result) => say({ id, result });
      const fork = () =>
        require("node:fs").existsSync("${gate}") ? reply({ sessionId: "copy" + id }) : setTimeout(fork, 10);
      if (method === "initialize") {
        const sessionCapabilities = { resume: {}, fork: {}, close: {} };
        reply({ protocolVersion: 1, agentCapabilities: { sessionCapabilities } });
      } else if (method === "session/new") reply({ sessionId: "s" + process.pid });
      else if (method === "session/fork") fork();
      else if (method === "session/prompt") reply({ stopReason: "end_turn" });
      else if (id !== undefined) reply({});
    }`,
  );
  const house = await openHouse({}, { agents: [agent], startTimeoutMs });
  const { runnerId, sessionId } = await house.talking("forking");
  const copies = async () =>
    (await house.sessions.listSessions({ runnerId })).sessions.filter(({ id }) => id !== sessionId);
  return { house, gate, runnerId, sessionId, copies };
}

test("a copy that nobody waits for any more does not push the active session aside", async () => {
  const { house, gate, runnerId, sessionId, copies } = await slowToFork();
  const caller = new AbortController();
  const request = { sessionId, runnerId, fork: true, requestId: "mine" };
  const left = failureOf(house.sessions.resumeSession(request, { signal: caller.signal }));
  await expect.poll(copies).toHaveLength(1);
  caller.abort();
  expect((await left).code).toBe(Code.Canceled);
  await expect.poll(copies).toMatchObject([{ status: ENDED }]);
  writeFileSync(gate, "");
  await house.say(sessionId, "one");
  expect((await house.runner(runnerId)).sessionId).toBe(sessionId);

  const { session } = await house.sessions.resumeSession(request);
  const all = await copies();
  expect(all.map(({ id, status }) => [id === session!.id, status])).toEqual([
    [true, IDLE],
    [false, ENDED],
  ]);
});

test("nor does one that comes too late", async () => {
  const { house, gate, runnerId, sessionId, copies } = await slowToFork(1_000);
  const late = await failureOf(house.sessions.resumeSession({ sessionId, runnerId, fork: true }));
  expect(late).toMatchObject({ code: Code.DeadlineExceeded, reason: "RESUME_TIMEOUT" });
  expect(await copies()).toMatchObject([{ status: ENDED }]);
  writeFileSync(gate, "");
  await house.say(sessionId, "one");
  expect((await house.runner(runnerId)).sessionId).toBe(sessionId);
});
