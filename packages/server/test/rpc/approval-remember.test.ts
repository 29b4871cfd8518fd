import { Code } from "@connectrpc/connect";
import { ApprovalRemember, ApprovalState, EventType, PermissionMode, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { askFor, askingAgent, told } from "./fixture/asking-agent.js";
import { failureOf } from "./fixture/failure.js";
import { type Opened, open, project, recordedTypes } from "./fixture/stratavore.js";

const { ALLOW, ASK, DENY } = PermissionMode;
const { PROJECT } = ApprovalRemember;
const allow = { case: "allow" as const, value: true };
const reject = { case: "allow" as const, value: false };

async function talking(rules: object[] = []) {
  const opened = await open({ agents: [askingAgent()] });
  await project(opened);
  await opened.projects.updateProject({ name: "web", config: { approvalPolicy: { rules }, model: "kept" } });
  return { opened, sessionId: await another(opened) };
}

async function another({ runners, sessions }: Opened): Promise<string> {
  const { runner } = await runners.createRunner({ projectName: "web", spec: { agent: "asking" } });
  await runners.waitRunner({ runnerId: runner!.id, statuses: [RunnerStatus.RUNNING] });
  return (await sessions.createSession({ runnerId: runner!.id })).session!.id;
}

/** Asks for a call that waits for a person, and gives what answers it. */
async function ask(opened: Opened, sessionId: string, call: object) {
  const { turn } = await opened.sessions.sendMessage({ sessionId, text: JSON.stringify(call) });
  const waiting = async () => (await opened.approvals.listApprovals({ sessionId })).approvals;
  await expect.poll(async () => (await waiting()).length).toBe(1);
  const approvalId = (await waiting())[0]!.id;
  return async (request: object) => {
    const response = await opened.approvals.resolveApproval({ approvalId, ...request });
    for await (const _ of opened.sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
    return response;
  };
}

const config = async ({ projects }: Opened) => (await projects.getProject({ name: "web" })).project!;
const run = (command: string) => ({ kind: "execute", rawInput: { command } });
const edit = (path: string) => ({ kind: "edit", rawInput: { file_path: path } });

test("an answer for the project is a rule of it: seen, used by other runners, and taken away", async () => {
  const { opened, sessionId } = await talking();
  const before = await config(opened);
  const resolve = await ask(opened, sessionId, run("ls *.log | sort"));
  const { approval, projectRule } = await resolve({ answer: allow, remember: PROJECT });
  const rule = { tool: "execute", command: "ls \\*.log | sort", path: "", mode: ALLOW };
  expect(projectRule).toMatchObject(rule);
  expect(approval).toMatchObject({ state: ApprovalState.ALLOWED, optionId: "allow_once" });
  expect(approval!.rule).toBeUndefined();
  const after = await config(opened);
  expect(after.config!.approvalPolicy!.rules).toMatchObject([rule]);
  expect(after.config!.model).toBe("kept");
  expect(after.etag).not.toBe(before.etag);
  const types = [EventType.PROJECT_UPDATED, EventType.APPROVAL_RESOLVED];
  expect((await recordedTypes(opened, types)).slice(-2)).toEqual(types);

  const other = await another(opened);
  expect(await askFor(opened, other, run("ls *.log | sort"))).toBe("allow_once");
  const { approvals } = await opened.approvals.listApprovals({
    state: ApprovalState.ALLOWED,
    sessionId: other,
  });
  expect(approvals).toMatchObject([{ resolvedBy: "policy", rule }]);
  // The star was a star of the command.
  await (await ask(opened, other, run("ls a.log | sort")))({ answer: reject });
  await opened.projects.updateProject({ name: "web", config: { model: "kept" }, etag: after.etag });
  await (await ask(opened, other, run("ls *.log | sort")))({ answer: reject });
  expect(await told(opened, other)).toBe("reject_once");
});

test("a rejection for the project holds as well, before the rule that asked", async () => {
  const rules = [
    { tool: "edit", path: "docs/**", mode: ALLOW },
    { tool: "edit", path: "src/**", mode: ASK },
    { tool: "edit", mode: ALLOW },
  ];
  const { opened, sessionId } = await talking(rules);
  await (await ask(opened, sessionId, edit("src/a.ts")))({ answer: reject, remember: PROJECT });
  const { approvalPolicy } = (await config(opened)).config!;
  const added = { tool: "edit", path: "src/a.ts", mode: DENY };
  expect(approvalPolicy!.rules).toMatchObject([rules[0], added, rules[1], rules[2]]);
  expect(await askFor(opened, sessionId, edit("src/a.ts"))).toBe("reject_once");
  await (await ask(opened, sessionId, edit("src/b.ts")))({ answer: allow });
});

const untold: [string, object][] = [
  ["a path outside", edit("../x")],
  ["two paths", { kind: "edit", rawInput: { paths: ["a", "b"] } }],
  ["two commands", { kind: "execute", rawInput: { commands: ["ls", "rm x"] } }],
  ["a command that is not told", { kind: "execute", title: "npm test" }],
  ["an edit of nobody knows what", { kind: "edit" }],
  ["nothing at all", {}],
];

test("what no rule could say is refused, and still waits", async () => {
  const { opened, sessionId } = await talking();
  for (const [what, call] of untold) {
    const resolve = await ask(opened, sessionId, call);
    const refused = await failureOf(resolve({ answer: allow, remember: PROJECT }));
    expect(refused, what).toMatchObject({ code: Code.FailedPrecondition, reason: "APPROVAL_RULE" });
    expect((await resolve({ answer: allow })).projectRule).toBeUndefined();
  }
  expect((await config(opened)).config!.approvalPolicy!.rules).toEqual([]);
});

test("a call that tells its kind alone is remembered by it, where that says enough", async () => {
  const { opened, sessionId } = await talking();
  const fetch = { kind: "fetch", rawInput: { url: "https://example.com" } };
  const { projectRule } = await (await ask(opened, sessionId, fetch))({ answer: allow, remember: PROJECT });
  expect(projectRule).toMatchObject({ tool: "fetch", path: "", command: "", mode: ALLOW });
  expect(await askFor(opened, sessionId, { kind: "fetch" })).toBe("allow_once");
});

test("an answer that is repeated adds its rule once", async () => {
  const { opened, sessionId } = await talking();
  const resolve = await ask(opened, sessionId, run("npm test"));
  const request = { answer: allow, remember: PROJECT, requestId: "once" };
  const first = await resolve(request);
  expect(await resolve(request)).toEqual(first);
  expect((await config(opened)).config!.approvalPolicy!.rules).toHaveLength(1);
});
