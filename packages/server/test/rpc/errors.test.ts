import { Code, ConnectError } from "@connectrpc/connect";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import {
  clientsBy,
  environmentIn,
  type Opened,
  open,
  project,
  runner,
  temporaryFolder,
  ways,
} from "./fixture/stratavore.js";

test.each(ways)("%s: a failure has a code, a reason, facts, and an id that the log has too", async (way) => {
  const opened = await open();
  const clients = await clientsBy(way, opened);
  const failure = await failureOf(clients.runners.getRunner({ runnerId: "runner_x" }));
  expect(failure).toMatchObject({
    code: Code.NotFound,
    message: 'there is no runner "runner_x"',
    reason: "RUNNER_NOT_FOUND",
    details: { runner: "runner_x" },
    standard: { reason: "RUNNER_NOT_FOUND", domain: "stratavore.dev", metadata: { runner: "runner_x" } },
  });
  expect(failure.requestId).toMatch(/^[0-9a-f-]{36}$/);
  const line = opened.lines.find(({ facts }) => facts.requestId === failure.requestId);
  expect(line).toMatchObject({
    level: "debug",
    facts: { rpc: "stratavore.v1.RunnerService/GetRunner", code: "NotFound" },
  });
  const headers = { "x-request-id": "mine-1" };
  const named = await failureOf(clients.runners.getRunner({ runnerId: "runner_x" }, { headers }));
  expect(named.requestId).toBe("mine-1");
});

test("a quota that is used up says which, how much, and whose", async () => {
  const opened = await open();
  const { projects, runners, folder } = opened;
  await projects.createProject({ name: "web", path: folder, quota: { maxConcurrentRunners: 1 } });
  await runner(opened);
  const failure = await failureOf(runners.createRunner({ projectName: "web", spec: { agent: "demo" } }));
  expect(failure).toMatchObject({
    code: Code.ResourceExhausted,
    reason: "QUOTA_EXCEEDED",
    details: { quota: "max_concurrent_runners", limit: "1", used: "1", project: "web" },
    quota: { violations: [{ subject: "project:web" }] },
  });
});

test("what is not in the right state says so as a violated precondition", async () => {
  const opened = await open();
  await project(opened);
  const failure = await failureOf(opened.runners.createRunner({ projectName: "web" }));
  expect(failure).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "AGENT_NOT_CHOSEN",
    precondition: { violations: [{ type: "AGENT_NOT_CHOSEN" }] },
  });
  expect(failure.details.installed).toContain("demo");
});

test("an unexpected error tells its id and nothing from within", async () => {
  const folder = temporaryFolder();
  const secret = "the inner text";
  const environment = Object.defineProperty(environmentIn(folder), "HOME", {
    enumerable: true,
    get: () => {
      throw new Error(secret);
    },
  });
  const opened = await open({ folder, environment });
  await project(opened);
  const request = { projectName: "web", spec: { agent: "exec", args: ["true"] } };
  const failure = await failureOf(opened.runners.createRunner(request));
  expect(failure).toMatchObject({ code: Code.Internal, reason: "INTERNAL" });
  expect(failure.message).toContain(failure.requestId!);
  expect(JSON.stringify(failure)).not.toContain(secret);
  const line = opened.lines.find(({ facts }) => facts.requestId === failure.requestId);
  expect(line).toMatchObject({ level: "error", facts: { error: { message: secret } } });
  expect((await opened.runners.listRunners({})).totalCount).toBe(0);
});

/** Changes the store behind the back of a server, which is closed for it. */
async function tamper(opened: Opened, sql: string): Promise<Opened> {
  await opened.server.close();
  const file = new Database(`${opened.folder}/data/stratavore.db`);
  expect(file.prepare(sql).run().changes).toBeGreaterThan(0);
  file.close();
  return await open({ folder: opened.folder });
}

test("a damaged record is DATA_LOSS for who reads it, and others are served", async () => {
  const first = await open();
  await project(first);
  await project(first, "api");
  await first.projects.createProject({ name: "third", path: first.folder, config: { agent: "demo" } });
  const opened = await tamper(first, "UPDATE projects SET config = x'0AFFFF5365637265' WHERE name = 'web'");
  for (const call of [opened.projects.getProject({ name: "web" }), opened.projects.listProjects({})]) {
    const failure = await failureOf(call);
    expect(failure).toMatchObject({ code: Code.DataLoss, reason: "RECORD_DAMAGED" });
    expect(failure.message).not.toContain("Secre");
    expect(opened.lines.find(({ facts }) => facts.requestId === failure.requestId)?.level).toBe("error");
  }
  expect((await opened.projects.getProject({ name: "third" })).project?.config?.agent).toBe("demo");
});

const services = [
  RunnerService,
  ProjectService,
  SessionService,
  ApprovalService,
  DaemonService,
  UsageService,
];
test("every method of the contract is built", async () => {
  const { server } = await open();
  const missing: string[] = [];
  for (const method of services.flatMap((service) => service.methods)) {
    const error = await callEmpty(server.transport, method);
    if (error !== undefined && ConnectError.from(error).code === Code.Unimplemented)
      missing.push(method.name);
  }
  expect(missing).toEqual([]);
});

type Method = (typeof services)[number]["methods"][number];

async function callEmpty(transport: Opened["server"]["transport"], method: Method): Promise<unknown> {
  const valid = { runnerId: "r", sessionId: "s", name: "n", query: "q", messages: [{}], turnId: "" };
  const known = Object.fromEntries(
    Object.entries(valid).filter(([name]) => method.input.fields.some((field) => field.localName === name)),
  );
  try {
    if (method.methodKind === "unary")
      await transport.unary(method as never, undefined, 1000, undefined, known);
    else {
      const requests = (async function* () {
        yield known;
      })();
      const { message } = await transport.stream(
        method as never,
        undefined,
        100,
        undefined,
        requests as never,
      );
      for await (const _ of message) break;
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each(ways)("%s: a caller that leaves, or whose deadline passes, is told so", async (way) => {
  const opened = await open();
  const clients = await clientsBy(way, opened);
  await project(opened);
  const runnerId = await runner(opened);
  const late = await failureOf(clients.runners.waitRunner({ runnerId }, { timeoutMs: 100 }));
  expect(late.code).toBe(Code.DeadlineExceeded);
  const stop = new AbortController();
  const left = failureOf(clients.runners.waitRunner({ runnerId }, { signal: stop.signal }));
  stop.abort();
  expect((await left).code).toBe(Code.Canceled);
});

test("calls to a server that closes are UNAVAILABLE", async () => {
  const opened = await open();
  await project(opened);
  const runnerId = await runner(opened);
  const waiting = failureOf(opened.runners.waitRunner({ runnerId }));
  const closed = opened.server.close();
  const during = failureOf(opened.projects.listProjects({}));
  for (const failure of [await waiting, await during]) {
    expect(failure).toMatchObject({ code: Code.Unavailable, reason: "SHUTTING_DOWN" });
  }
  await closed;
  expect((await failureOf(opened.projects.listProjects({}))).code).toBe(Code.Unavailable);
  const again = await open({ folder: opened.folder });
  expect((await again.projects.listProjects({})).totalCount).toBe(1);
});
