import type { DescService } from "@bufbuild/protobuf";
import { createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import { describe, expect, test } from "vitest";
import { createClient, type StratavoreClient } from "../src/index.js";

/** What the unwrapped answers are about; a message takes from it the fields that it has. */
const answer = {
  project: { name: "it" },
  runner: { id: "it" },
  session: { id: "it" },
  turn: { id: "it" },
  approval: { id: "it" },
};

/** A client in this process whose every unary call is noted and answered. */
function recording(): { client: StratavoreClient; called: string[] } {
  const called: string[] = [];
  const implement = <S extends DescService>(service: S) =>
    Object.fromEntries(
      service.methods
        .filter((method) => method.methodKind === "unary")
        .map((method) => [
          method.localName,
          () => {
            called.push(method.name);
            return answer;
          },
        ]),
    ) as unknown as Partial<ServiceImpl<S>>;
  const transport = createRouterTransport((router) => {
    for (const service of [
      ProjectService,
      RunnerService,
      SessionService,
      ApprovalService,
      DaemonService,
      UsageService,
    ]) {
      router.service(service, implement(service));
    }
  });
  return { client: createClient({ transport }), called };
}

type Call = (client: StratavoreClient) => Promise<unknown>;
const like = (fields: object): unknown => expect.objectContaining(fields);

describe("each method makes its call and gives the message that the call is for", () => {
  test.each<[string, Call, unknown]>([
    ["CreateProject", (c) => c.projects.create({}), like({ name: "it" })],
    ["GetProject", (c) => c.projects.get({}), like({ name: "it" })],
    ["ListProjects", (c) => c.projects.list(), like({ projects: [] })],
    ["UpdateProject", (c) => c.projects.update({}), like({ name: "it" })],
    ["DeleteProject", (c) => c.projects.delete({}), undefined],
    ["CreateRunner", (c) => c.runners.create({}), like({ id: "it" })],
    ["GetRunner", (c) => c.runners.get({}), like({ id: "it" })],
    ["ListRunners", (c) => c.runners.list(), like({ runners: [] })],
    ["UpdateRunner", (c) => c.runners.update({}), like({ id: "it" })],
    ["DeleteRunner", (c) => c.runners.delete({}), undefined],
    ["StopRunner", (c) => c.runners.stop({}), like({ endedProcesses: [] })],
    ["BatchStopRunners", (c) => c.runners.stopMany({}), like({ results: [] })],
    ["RestartRunner", (c) => c.runners.restart({}), like({ id: "it" })],
    ["PauseRunner", (c) => c.runners.pause({}), like({ id: "it" })],
    ["ResumeRunner", (c) => c.runners.resume({}), like({ id: "it" })],
    ["Heartbeat", (c) => c.runners.heartbeat({}), like({ id: "it" })],
    ["WaitRunner", (c) => c.runners.wait({}), like({ id: "it" })],
    ["ListAgents", (c) => c.runners.agents(), like({ agents: [] })],
    ["CreateSession", (c) => c.sessions.create({}), like({ id: "it" })],
    ["GetSession", (c) => c.sessions.get({}), like({ id: "it" })],
    ["ListSessions", (c) => c.sessions.list(), like({ sessions: [] })],
    [
      "ResumeSession",
      (c) => c.sessions.resume({}),
      like({ session: like({ id: "it" }), runner: like({ id: "it" }) }),
    ],
    ["EndSession", (c) => c.sessions.end({}), like({ id: "it" })],
    ["SendMessage", (c) => c.sessions.send({}), { turn: like({ id: "it" }), cursor: "" }],
    ["CancelTurn", (c) => c.sessions.cancelTurn({}), like({ id: "it" })],
    ["GetSessionTranscript", (c) => c.sessions.transcript({}), like({ messages: [] })],
    ["ReportUsage", (c) => c.usage.report(), like({ rows: [] })],
    ["AppendTranscript", (c) => c.sessions.append({}), like({ lastOrdinal: 0n })],
    ["SearchTranscripts", (c) => c.sessions.search({}), like({ hits: [] })],
    ["ListApprovals", (c) => c.approvals.list(), like({ approvals: [] })],
    ["ResolveApproval", (c) => c.approvals.resolve({}), like({ id: "it" })],
    ["GetStatus", (c) => c.daemon.status(), like({ components: {} })],
    ["HealthCheck", (c) => c.daemon.health(), like({ healthy: false })],
    ["GetMetrics", (c) => c.daemon.metrics(), like({ projects: {} })],
    ["Reconcile", (c) => c.daemon.reconcile(), like({ actions: [] })],
    ["CreateBackup", (c) => c.daemon.backup(), like({ path: "" })],
  ])("%s", async (name, call, expected) => {
    const { client, called } = recording();
    expect(await call(client)).toEqual(expected);
    expect(called).toEqual([name]);
  });
});

test("an answer without its message is INTERNAL", async () => {
  const transport = createRouterTransport((router) => {
    router.rpc(RunnerService.method.getRunner, () => ({}));
  });
  await expect(createClient({ transport }).runners.get({ runnerId: "r" })).rejects.toThrow(
    "[internal] the server answered without a runner",
  );
});
