import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApprovalState, PermissionMode } from "@stratavore/proto";
import { expect, test } from "vitest";
import { createStratavore } from "../../../src/index.js";
import { type House, isAlive, openHouse } from "../house.js";

/** A program that runs this body, with what it was told as `told` and where to write as `folder`. */
const program = (body: string) => [
  process.execPath,
  "-e",
  `const { writeFileSync } = require("node:fs");
   let text = "";
   process.stdin.on("data", (more) => (text += more)).on("end", () => {
     const folder = process.env.HEARD, told = JSON.parse(text), env = process.env;
     ${body}
   });`,
];

const writes = `writeFileSync(folder + "/" + process.pid + ".json", JSON.stringify({ told, env }));`;

async function hearing(command: readonly string[], timeoutMs?: number): Promise<House> {
  const environment = { ...process.env };
  const notify = { command, ...(timeoutMs && { timeoutMs }) };
  const house = await openHouse({}, { notify, environment });
  environment.HEARD = house.root;
  return house;
}

interface Heard {
  told: { id: string; state: string; projectName: string; toolCall: { title: string }; options: unknown[] };
  env: Record<string, string>;
}

const heard = ({ root }: House): Heard[] =>
  readdirSync(root)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const text = readFileSync(join(root, name), "utf8");
      return text === "" ? [] : [JSON.parse(text) as Heard];
    });

const pending = async (house: House) => (await house.approvals.listApprovals({})).approvals;

async function ask(
  house: House,
  title = "rm",
): Promise<{ sessionId: string; runnerId: string; turnId: string }> {
  const before = (await pending(house)).length;
  const { sessionId, runnerId } = await house.talking("plain");
  const { id: turnId } = await house.send(sessionId, `!permission ${title}`);
  await expect.poll(async () => (await pending(house)).length).toBe(before + 1);
  return { sessionId, runnerId, turnId };
}

const allow = { case: "allow" as const, value: true };

test("each approval that waits is told once, and once more by the next daemon", async () => {
  const house = await hearing(program(writes));
  const { sessionId, runnerId, turnId } = await ask(house, "rm -r build");
  await expect.poll(() => heard(house)).toHaveLength(1);
  const [{ told, env }] = heard(house) as [Heard];
  const [approval] = await pending(house);
  expect(told).toMatchObject({ id: approval!.id, state: "APPROVAL_STATE_PENDING", projectName: "p" });
  expect(told.toolCall.title).toContain("rm -r build");
  expect(told.options).toHaveLength(approval!.options.length);
  expect(env).toMatchObject({
    STRATAVORE_APPROVAL_ID: approval!.id,
    STRATAVORE_PROJECT: "p",
    STRATAVORE_RUNNER_ID: runnerId,
    STRATAVORE_SESSION_ID: sessionId,
    STRATAVORE_TURN_ID: turnId,
  });
  await ask(house, "second");
  await expect.poll(() => heard(house)).toHaveLength(2);
  await house.approvals.resolveApproval({ approvalId: approval!.id, answer: allow });
  await house.close();
  await house.open();
  // Of the two only the second still waits.
  await expect.poll(() => heard(house)).toHaveLength(3);
  await ask(house, "third");
  await expect.poll(() => heard(house)).toHaveLength(4);
  const titles = heard(house).map(({ told: { toolCall } }) => /build|second|third/.exec(toolCall.title)?.[0]);
  expect(titles.sort()).toEqual(["build", "second", "second", "third"]);
});

test("what a policy answers is not announced", async () => {
  const house = await hearing(program(writes));
  const free = await house.running("plain", { permissionMode: PermissionMode.ALLOW });
  const { session } = await house.sessions.createSession({ runnerId: free });
  await house.say(session!.id, "!permission rm");
  await ask(house, "second");
  await expect.poll(() => heard(house)).toHaveLength(1);
  expect(heard(house)[0]!.told.toolCall.title).toContain("second");
});

const failing: [string, string[], RegExp][] = [
  ["fails", program("console.error('no bell here'); process.exit(3);"), /exit code 3: no bell here/],
  ["is not there", ["/no/such/program"], /ENOENT/],
  ["reads nothing", [process.execPath, "-e", "process.stdin.destroy(); process.exit(1)"], /exit code 1/],
];

test.each(failing)("a command that %s is logged, and the approval waits on", async (_, command, problem) => {
  const house = await hearing(command);
  const { sessionId, turnId } = await ask(house);
  const logged = () => house.logged.find(({ message }) => message === "the notify command failed");
  await expect
    .poll(logged)
    .toMatchObject({ level: "warn", facts: { problem: expect.stringMatching(problem) } });
  const [approval] = await pending(house);
  const answered = await house.approvals.resolveApproval({ approvalId: approval!.id, answer: allow });
  expect(answered.approval!.state).toBe(ApprovalState.ALLOWED);
  await house.over(sessionId, turnId);
});

const hangs = program(`${writes} setInterval(() => {}, 1000);`);
const pidOf = ({ root }: House) =>
  Number(
    readdirSync(root)
      .find((name) => name.endsWith(".json"))
      ?.slice(0, -5),
  );

test("a command that does not end is ended, and holds nothing up", async () => {
  const house = await hearing(hangs, 2000);
  const { sessionId, turnId } = await ask(house);
  await expect.poll(() => heard(house)).toHaveLength(1);
  const pid = pidOf(house);
  const [approval] = await pending(house);
  await house.approvals.resolveApproval({ approvalId: approval!.id, answer: allow });
  await house.over(sessionId, turnId);
  await expect.poll(() => isAlive(pid), { timeout: 8000 }).toBe(false);
  await expect.poll(() => house.logged.map(({ facts }) => facts.problem)).toContain("not done after 2000 ms");
});

test("a server that closes ends the command with it", async () => {
  const house = await hearing(hangs, 600_000);
  await ask(house);
  await expect.poll(() => heard(house)).toHaveLength(1);
  const pid = pidOf(house);
  await house.close();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("a command without a program is refused at the start", async () => {
  await expect(createStratavore({ dataDir: null, notify: { command: [] } })).rejects.toThrow(
    /needs a program/,
  );
});
