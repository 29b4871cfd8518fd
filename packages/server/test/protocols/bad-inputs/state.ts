import { join } from "node:path";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  RunnerStatus,
  SessionService,
} from "@stratavore/proto";
import * as google from "@stratavore/proto/rpc";
import Database from "better-sqlite3";
import { expect } from "vitest";
import { converse, type Opened, runner } from "../../rpc/fixture/stratavore.js";
import type { PlainCall } from "../fixture/plain-client.js";
import { program } from "./agents.js";
import type { Case, Row } from "./table.js";

const { createProject, deleteProject, getProject, listProjects, updateProject } = ProjectService.method;
const { createRunner, getRunner, listRunners, restartRunner, stopRunner, updateRunner, waitRunner } =
  RunnerService.method;
const { heartbeat, streamRunnerEvents } = RunnerService.method;
const { cancelTurn, createSession, getSession, getSessionTranscript, sendMessage, streamSession } =
  SessionService.method;
const { resolveApproval } = ApprovalService.method;

const demo = { projectName: "web", spec: { agent: "demo" } };
const unknown = (method: PlainCall["method"], message: object): Case => ({
  input: method.name,
  call: () => ({ method, message }),
});

/** A runner that stays STARTING for as long as the test takes. */
async function starting({ runners }: Opened): Promise<string> {
  const { runner: created } = await runners.createRunner({ projectName: "web", spec: { agent: "silent" } });
  return created!.id;
}

/** The oldest event is gone, as after a time. */
function forgetFirstEvent({ folder }: Opened): void {
  const file = new Database(join(folder, "data", "stratavore.db"));
  expect(file.prepare("DELETE FROM events WHERE seq = 1").run().changes).toBe(1);
  file.close();
}

async function epoch({ projects }: Opened): Promise<string> {
  const { asOfEventId } = await projects.listProjects({});
  return asOfEventId.slice(0, asOfEventId.lastIndexOf("-"));
}

/** What does not fit the state that things are in. */
export const state: readonly Row[] = [
  {
    number: 30,
    what: "a name that is taken",
    answer: "already_exists",
    cases: [
      {
        input: "a project",
        call: ({ folder }) => ({ method: createProject, message: { name: "web", path: folder } }),
      },
      {
        input: "the runtime_id of a live runner",
        async call({ runners }) {
          await runners.createRunner({ ...demo, runtimeId: "mine" });
          return { method: createRunner, message: { ...demo, runtimeId: "mine" } };
        },
      },
    ],
  },
  {
    number: 31,
    what: "a request_id with another body",
    answer: "invalid_argument",
    cases: [
      {
        input: "CreateProject",
        async call({ projects, folder }) {
          await projects.createProject({ name: "first", path: folder, requestId: "r1" });
          return { method: createProject, message: { name: "second", path: folder, requestId: "r1" } };
        },
        check: async (_, { projects }) => expect((await projects.listProjects({})).totalCount).toBe(2),
      },
      {
        input: "CreateRunner",
        async call({ runners }) {
          await runners.createRunner({ ...demo, requestId: "r2" });
          return { method: createRunner, message: { ...demo, model: "other", requestId: "r2" } };
        },
        check: async (_, { runners }) => expect((await runners.listRunners({})).totalCount).toBe(1),
      },
      {
        input: "UpdateProject",
        async call({ projects }) {
          await projects.updateProject({ name: "web", description: "first", requestId: "r3" });
          return { method: updateProject, message: { name: "web", description: "second", requestId: "r3" } };
        },
        async check(_, { projects }) {
          expect((await projects.getProject({ name: "web" })).project?.description).toBe("first");
        },
      },
    ],
  },
  {
    number: 32,
    what: "a stale etag",
    answer: "aborted",
    cases: [
      {
        input: "UpdateProject",
        async call({ projects }) {
          const { project } = await projects.getProject({ name: "web" });
          await projects.updateProject({ name: "web", description: "first" });
          return {
            method: updateProject,
            message: { name: "web", description: "second", etag: project!.etag },
          };
        },
        async check(_, { projects }) {
          const { project } = await projects.getProject({ name: "web" });
          expect(project?.description).toBe("first");
        },
      },
      {
        input: "UpdateRunner",
        async call(server) {
          const runnerId = await runner(server);
          const { runner: before } = await server.runners.getRunner({ runnerId });
          await server.runners.updateRunner({ runnerId, metadata: { a: "first" } });
          return {
            method: updateRunner,
            message: { runnerId, metadata: { a: "second" }, etag: before!.etag },
          };
        },
        async check(_, { runners }) {
          const { runners: all } = await runners.listRunners({});
          expect(all.map(({ metadata }) => metadata)).toEqual([{ a: "first" }]);
        },
      },
    ],
  },
  {
    number: 33,
    what: "a quota that is used up",
    answer: "resource_exhausted",
    cases: [
      {
        input: "max_concurrent_runners",
        async call({ projects, runners }) {
          await projects.updateProject({ name: "web", quota: { maxConcurrentRunners: 1 } });
          await runners.createRunner(demo);
          return { method: createRunner, message: demo };
        },
        async check({ error }, { runners }) {
          const [failure] = error!.findDetails(google.QuotaFailureSchema);
          expect(failure?.violations).toMatchObject([
            { subject: "project:web", description: "max_concurrent_runners is 1, 1 used" },
          ]);
          expect((await runners.listRunners({})).totalCount).toBe(1);
        },
      },
      {
        input: "max_tokens_per_day",
        async call(server) {
          await server.projects.updateProject({ name: "web", quota: { maxTokensPerDay: 15n } });
          const { runners } = await server.runners.listRunners({});
          const runnerId = runners[0]!.id;
          const { session } = await server.sessions.createSession({ runnerId });
          await converse(server, session!.id, "!usage 10 5");
          return { method: sendMessage, message: { sessionId: session!.id, text: "more" } };
        },
        check({ error }) {
          const [failure] = error!.findDetails(google.QuotaFailureSchema);
          expect(failure?.violations).toMatchObject([
            { subject: "project:web", description: "max_tokens_per_day is 15, 15 used" },
          ]);
        },
      },
    ],
  },
  {
    number: 34,
    what: "what is not there",
    answer: "not_found",
    cases: [
      unknown(getProject, { name: "nothing" }),
      unknown(updateProject, { name: "nothing", description: "x" }),
      unknown(deleteProject, { name: "nothing" }),
      unknown(createRunner, { ...demo, projectName: "nothing" }),
      unknown(getRunner, { runnerId: "runner_x" }),
      unknown(updateRunner, { runnerId: "runner_x", maxTokens: 1 }),
      unknown(stopRunner, { runnerId: "runner_x" }),
      unknown(waitRunner, { runnerId: "runner_x" }),
      unknown(restartRunner, { runnerId: "runner_x" }),
      unknown(heartbeat, { runnerId: "runner_x" }),
      unknown(RunnerService.method.deleteRunner, { runnerId: "runner_x" }),
      unknown(RunnerService.method.pauseRunner, { runnerId: "runner_x" }),
      unknown(RunnerService.method.resumeRunner, { runnerId: "runner_x" }),
      unknown(createSession, { runnerId: "runner_x" }),
      unknown(getSession, { sessionId: "session_x" }),
      unknown(SessionService.method.resumeSession, { sessionId: "session_x" }),
      unknown(SessionService.method.endSession, { sessionId: "session_x" }),
      unknown(getSessionTranscript, { sessionId: "session_x" }),
      unknown(sendMessage, { sessionId: "session_x", text: "hi" }),
      unknown(cancelTurn, { sessionId: "session_x" }),
      unknown(streamSession, { sessionId: "session_x" }),
      unknown(SessionService.method.appendTranscript, {
        sessionId: "session_x",
        messages: [{ role: "user", content: "hi" }],
      }),
      unknown(DaemonService.method.getMetrics, { projectName: "nothing" }),
      unknown(resolveApproval, { approvalId: "approval_x", answer: { case: "allow", value: true } }),
    ],
  },
  {
    number: 35,
    what: "what has to wait for something else",
    answer: "failed_precondition",
    options: { agents: [program("silent", "sleep", "300")] },
    cases: [
      {
        input: "a project with live runners is deleted",
        async call(server) {
          await runner(server);
          return { method: deleteProject, message: { name: "web" } };
        },
        check: ({ error }) => {
          const [failure] = error!.findDetails(google.PreconditionFailureSchema);
          expect(failure?.violations).toHaveLength(1);
        },
      },
      ...[RunnerService.method.restartRunner, RunnerService.method.pauseRunner].map(
        (method): Case => ({
          input: `${method.name} of a runner that is STARTING`,
          call: async (server) => ({ method, message: { runnerId: await starting(server) } }),
          async check(_, { runners }) {
            const { runners: all } = await runners.listRunners({ status: RunnerStatus.STARTING });
            expect(all.every(({ incarnation }) => incarnation === 1)).toBe(true);
          },
        }),
      ),
      {
        input: "a conversation with a runner that is over",
        async call(server) {
          const runnerId = await runner(server);
          await server.runners.stopRunner({ runnerId, force: true });
          return { method: createSession, message: { runnerId } };
        },
      },
    ],
  },
  {
    number: 36,
    what: "a position that is none",
    answer: "invalid_argument",
    cases: [
      ...["garbage", "1", "-", "a-b", "../x-1", "e1-1e3"].map(
        (afterEventId): Case => ({
          input: `event ${afterEventId}`,
          call: () => ({ method: streamRunnerEvents, message: { afterEventId } }),
        }),
      ),
      ...["garbage", "-1", "1.2", "1e3", "1.2.3.4"].map(
        (cursor): Case => ({
          input: `cursor ${cursor}`,
          async call(server) {
            const runnerId = await runner(server);
            const { session } = await server.sessions.createSession({ runnerId });
            return { method: streamSession, message: { sessionId: session!.id, cursor } };
          },
        }),
      ),
      ...[listProjects, listRunners, SessionService.method.listSessions].flatMap((method) =>
        ["garbage", "!!", "bnVsbA", "W10"].map(
          (pageToken): Case => ({
            input: `${method.name}: page token ${pageToken}`,
            call: () => ({ method, message: { pageToken } }),
          }),
        ),
      ),
      {
        input: "an event of another epoch",
        answer: "out_of_range",
        call: () => ({ method: streamRunnerEvents, message: { afterEventId: "other-1" } }),
      },
      {
        input: "an event that has not happened",
        answer: "out_of_range",
        call: async (server) => ({
          method: streamRunnerEvents,
          message: { afterEventId: `${await epoch(server)}-999999` },
        }),
      },
      {
        input: "an event below the floor",
        answer: "out_of_range",
        async call(server) {
          await server.projects.updateProject({ name: "web", description: "a second event" });
          forgetFirstEvent(server);
          return { method: streamRunnerEvents, message: { afterEventId: `${await epoch(server)}-0` } };
        },
      },
    ],
  },
];
