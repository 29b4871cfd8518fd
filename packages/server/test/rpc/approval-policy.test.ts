import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { ApprovalState, EventType, PermissionMode, RunnerActivity, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { askFor, askingAgent } from "./fixture/asking-agent.js";
import { failureOf } from "./fixture/failure.js";
import { type Opened, open, project, recordedTypes } from "./fixture/stratavore.js";

const { ALLOWED, REJECTED, PENDING } = ApprovalState;
const { ASK, ALLOW, DENY } = PermissionMode;

async function withPolicy(approvalPolicy: object, offers?: string[]): Promise<Opened> {
  const opened = await open({ agents: [askingAgent("asking", offers)] });
  await project(opened);
  await setPolicy(opened, approvalPolicy);
  return opened;
}

const setPolicy = ({ projects }: Opened, approvalPolicy: object) =>
  projects.updateProject({ name: "web", config: { approvalPolicy } });

async function talking({ runners, sessions }: Opened, spec: object = {}) {
  const { runner } = await runners.createRunner({ projectName: "web", spec: { agent: "asking", ...spec } });
  await runners.waitRunner({ runnerId: runner!.id, statuses: [RunnerStatus.RUNNING] });
  const { session } = await sessions.createSession({ runnerId: runner!.id });
  return { runnerId: runner!.id, sessionId: session!.id };
}

const approvalsIn = async ({ approvals }: Opened, state: ApprovalState) =>
  (await approvals.listApprovals({ state })).approvals;

const edit = (path: string) => ({ kind: "edit", rawInput: { file_path: path } });
const run = (command: string) => ({ kind: "execute", rawInput: { command } });

test("the first rule that matches answers, and the approval says which", async () => {
  const rules = [
    { tool: "execute", command: "rm *", mode: DENY },
    { tool: "execute", command: "npm *", mode: ALLOW },
    { tool: "edit", path: "src/**", mode: ALLOW },
    { tool: "edit", mode: DENY },
  ];
  const opened = await withPolicy({ rules });
  symlinkSync("/etc", join(opened.folder, "project-web", "src"));
  const { sessionId, runnerId } = await talking(opened);
  expect(await askFor(opened, sessionId, run("npm test"))).toBe("allow_once");
  expect(await askFor(opened, sessionId, run("npm test && rm -r x"))).toBe("reject_once");
  // Where the link leads is not in the project.
  expect(await askFor(opened, sessionId, edit("src/passwd"))).toBe("reject_once");
  const [allowed] = await approvalsIn(opened, ALLOWED);
  expect(allowed).toMatchObject({ resolvedBy: "policy", optionId: "allow_once", rule: rules[1] });
  expect(allowed!.deadline).toBeUndefined();
  const rejected = await approvalsIn(opened, REJECTED);
  expect(rejected.map(({ rule }) => rule)).toMatchObject([rules[0], rules[3]]);
  expect(await approvalsIn(opened, PENDING)).toEqual([]);
  const events = [EventType.APPROVAL_REQUESTED, EventType.APPROVAL_RESOLVED];
  expect(await recordedTypes(opened, events)).toEqual([...events, ...events, ...events]);
  const { runner } = await opened.runners.getRunner({ runnerId });
  expect(runner!.activity).toBe(RunnerActivity.IDLE);
});

test("a change of the policy holds for live runners; what no rule speaks of is the mode's", async () => {
  const opened = await withPolicy({ mode: DENY });
  const { sessionId } = await talking(opened);
  expect(await askFor(opened, sessionId, edit("a"))).toBe("reject_once");
  expect((await approvalsIn(opened, REJECTED))[0]!.rule).toBeUndefined();
  await setPolicy(opened, { mode: DENY, rules: [{ path: "a", mode: ALLOW }] });
  expect(await askFor(opened, sessionId, edit("a"))).toBe("allow_once");
  expect(await askFor(opened, sessionId, edit("b"))).toBe("reject_once");
});

test("rules go before a runner's own mode, except that its DENY holds", async () => {
  const rules = [
    { path: "no/**", mode: DENY },
    { path: "yes/**", mode: ALLOW },
    { path: "ask/**", mode: ASK },
  ];
  const opened = await withPolicy({ mode: DENY, rules });
  const free = await talking(opened, { permissionMode: ALLOW });
  expect(await askFor(opened, free.sessionId, edit("other"))).toBe("allow_once");
  expect(await askFor(opened, free.sessionId, edit("no/x"))).toBe("reject_once");
  const strict = await talking(opened, { permissionMode: DENY });
  expect(await askFor(opened, strict.sessionId, edit("yes/x"))).toBe("reject_once");
  expect((await approvalsIn(opened, REJECTED)).at(-1)!.rule).toBeUndefined();
  const asks = await talking(opened, { permissionMode: ASK });
  expect(await askFor(opened, asks.sessionId, edit("yes/x"))).toBe("allow_once");

  const text = JSON.stringify(edit("ask/x"));
  await opened.sessions.sendMessage({ sessionId: free.sessionId, text });
  await expect.poll(() => approvalsIn(opened, PENDING)).toHaveLength(1);
  const { runner } = await opened.runners.getRunner({ runnerId: free.runnerId });
  expect(runner!.activity).toBe(RunnerActivity.AWAITING_APPROVAL);
});

test("an agent that offers no rejection is told that its question was cancelled", async () => {
  const opened = await withPolicy({ mode: DENY }, ["allow_once"]);
  const { sessionId } = await talking(opened);
  expect(await askFor(opened, sessionId, edit("a"))).toBe("cancelled");
  expect(await approvalsIn(opened, REJECTED)).toMatchObject([{ optionId: "", resolvedBy: "policy" }]);
});

test("an agent that offers no single permission is not given a lasting one", async () => {
  const opened = await withPolicy({ mode: ALLOW }, ["allow_always", "reject_once"]);
  const { sessionId } = await talking(opened);
  await opened.sessions.sendMessage({ sessionId, text: JSON.stringify(edit("a")) });
  await expect.poll(() => approvalsIn(opened, PENDING)).toHaveLength(1);
});

const refused: [string, object, string][] = [
  ["an allowed path that leaves", { rules: [{ path: "../x", mode: ALLOW }] }, "rules.0.path"],
  ["an allowed path that is absolute", { rules: [{ path: "/etc/**", mode: ALLOW }] }, "rules.0.path"],
  ["a rule without a mode", { rules: [{ tool: "edit" }] }, "rules.0.mode"],
  ["no time to answer", { deadline: { seconds: 0n } }, "deadline"],
];

test.each(refused)("%s is refused", async (_, approvalPolicy, field) => {
  const opened = await open();
  await project(opened);
  expect(await failureOf(setPolicy(opened, approvalPolicy))).toMatchObject({
    code: Code.InvalidArgument,
    fields: [`config.approval_policy.${field}`],
  });
});
