import { Code } from "@connectrpc/connect";
import { ApprovalState, EventType, RunnerStatus, SessionStatus } from "@stratavore/proto";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, open, project, recordedTypes, runner, session } from "./fixture/stratavore.js";

test("CreateProject twice with one request id is one project and one answer", async () => {
  const opened = await open();
  const { projects, folder } = opened;
  const request = { name: "web", path: folder, metadata: { a: "1", b: "2" }, requestId: "r1" };
  const [first, ...more] = await Promise.all([
    projects.createProject(request),
    projects.createProject(request),
    projects.createProject({ ...request, metadata: { b: "2", a: "1" } }),
  ]);
  for (const answer of more) expect(answer).toEqual(first);
  expect(await recordedTypes(opened, [EventType.PROJECT_CREATED])).toHaveLength(1);
  const failure = await failureOf(projects.createProject({ ...request, description: "other" }));
  expect(failure).toMatchObject({ code: Code.InvalidArgument, reason: "REQUEST_ID_REUSED" });
  expect(failure.fields).toEqual(["request_id"]);
  expect((await failureOf(projects.createProject({ ...request, requestId: "" }))).code).toBe(
    Code.AlreadyExists,
  );
});

test("an answer is repeated although the call could not be made any more", async () => {
  const { projects, folder } = await open();
  const { mkdir, rm } = await import("node:fs/promises");
  const path = `${folder}/gone`;
  await mkdir(path);
  const first = await projects.createProject({ name: "web", path, requestId: "r" });
  await rm(path, { recursive: true });
  expect(await projects.createProject({ name: "web", path, requestId: "r" })).toEqual(first);
});

test("a call that failed has no answer to repeat", async () => {
  const { projects, folder } = await open();
  const request = { name: "web", path: `${folder}/later`, requestId: "r" };
  expect((await failureOf(projects.createProject(request))).code).toBe(Code.FailedPrecondition);
  const { mkdir } = await import("node:fs/promises");
  await mkdir(request.path);
  expect((await projects.createProject(request)).project?.name).toBe("web");
});

test("CreateRunner repeated, at once and later, starts one agent", async () => {
  const opened = await open();
  await project(opened);
  const request = { projectName: "web", spec: { agent: "demo" }, requestId: "r" };
  const answers = await Promise.all([1, 2, 3].map(() => opened.runners.createRunner(request)));
  const { id } = answers[0]!.runner!;
  await opened.runners.waitRunner({ runnerId: id, statuses: [RunnerStatus.RUNNING] });
  const later = await opened.runners.createRunner(request);
  for (const answer of [...answers, later]) {
    expect(answer.runner).toMatchObject({ id, status: RunnerStatus.STARTING });
  }
  expect((await opened.runners.listRunners({})).totalCount).toBe(1);
  expect((await failureOf(opened.runners.createRunner({ ...request, metadata: { a: "b" } }))).reason).toBe(
    "REQUEST_ID_REUSED",
  );
});

test("CreateSession repeated opens one session, also while the agent has not answered", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const request = { runnerId, requestId: "r" };
  const answers = await Promise.all([1, 2].map(() => opened.sessions.createSession(request)));
  answers.push(await opened.sessions.createSession(request));
  expect(new Set(answers.map(({ session }) => session!.id)).size).toBe(1);
  for (const { session } of answers) expect(session).toMatchObject({ status: SessionStatus.IDLE, runnerId });
  expect((await opened.sessions.listSessions({})).totalCount).toBe(1);
  const other = await opened.sessions.createSession({ runnerId, requestId: "r2" });
  expect(other.session!.id).not.toBe(answers[0]!.session!.id);
});

test("SendMessage repeated is one turn, also after its runner was stopped", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  const request = { sessionId, text: "!say hello", requestId: "r" };
  const [first, second] = await Promise.all([1, 2].map(() => opened.sessions.sendMessage(request)));
  expect(second).toEqual(first);
  await converse(opened, sessionId, "!say done");
  await opened.runners.stopRunner({ runnerId, force: true });
  expect(await opened.sessions.sendMessage(request)).toEqual(first);
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  expect(messages.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual([
    "!say hello",
    "!say done",
  ]);
  expect((await failureOf(opened.sessions.sendMessage({ ...request, text: "other" }))).reason).toBe(
    "REQUEST_ID_REUSED",
  );
});

test("ResolveApproval repeated answers the agent once", async () => {
  const opened = await open();
  const { sessionId } = await session(opened);
  const { turn } = await opened.sessions.sendMessage({ sessionId, text: "!permission Run it" });
  const pending = () => opened.approvals.listApprovals({ sessionId });
  await expect.poll(async () => (await pending()).approvals.length).toBe(1);
  const { id } = (await pending()).approvals[0]!;
  const request = { approvalId: id, answer: { case: "allow", value: true } as const, requestId: "r" };
  const [first, second] = await Promise.all([1, 2].map(() => opened.approvals.resolveApproval(request)));
  expect(first!.approval).toMatchObject({ id, state: ApprovalState.ALLOWED });
  expect(second).toEqual(first);
  for await (const _ of opened.sessions.streamSession({ sessionId, untilTurnId: turn!.id }));
  expect((await failureOf(opened.approvals.resolveApproval({ ...request, requestId: "" }))).code).toBe(
    Code.FailedPrecondition,
  );
});

test("answers last over a restart, and for a day", async () => {
  const first = await open();
  const { folder } = first;
  const request = { name: "web", path: folder, requestId: "r" };
  const answer = await first.projects.createProject(request);
  await first.server.close();
  const second = await open({ folder });
  expect(await second.projects.createProject(request)).toEqual(answer);
  await second.server.close();
  const file = new Database(`${folder}/data/stratavore.db`);
  file.prepare("UPDATE requests SET created_at = created_at - 86400001").run();
  file.close();
  const third = await open({ folder });
  expect((await failureOf(third.projects.createProject(request))).code).toBe(Code.AlreadyExists);
  await third.projects.createProject({ ...request, name: "other", requestId: "r" });
});

test("StopRunner repeated tells what the first call ended, and leaves alone what was started again since", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const request = { runnerId, force: true, requestId: "r" };
  const first = await opened.runners.stopRunner(request);
  expect(first.endedProcesses.length).toBeGreaterThan(0);
  await opened.runners.restartRunner({ runnerId });
  await opened.runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
  expect(await opened.runners.stopRunner(request)).toEqual(first);
  const { runner: now } = await opened.runners.getRunner({ runnerId });
  expect(now).toMatchObject({ status: RunnerStatus.RUNNING, incarnation: 2 });
  const reused = await failureOf(opened.runners.stopRunner({ ...request, force: false }));
  expect(reused.reason).toBe("REQUEST_ID_REUSED");
});
