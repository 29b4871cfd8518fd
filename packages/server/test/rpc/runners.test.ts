import { Code } from "@connectrpc/connect";
import { AgentProtocol, RunnerStatus, StopMethod } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import { converse, open, project, runner, session } from "./fixture/stratavore.js";

const demo = { agent: "demo" };

test("what is set is kept and told again, and what cannot be applied is warned of", async () => {
  const opened = await open();
  await project(opened);
  const { runner: made, warnings } = await opened.runners.createRunner({
    projectName: "web",
    model: "demo-fast",
    temperature: 0.5,
    maxTokens: 100,
    metadata: { user: "ann" },
    runtimeId: "mine",
    quota: { maxMemoryMb: 512n, maxConcurrentRunners: 3 },
    spec: { ...demo, title: "A title" },
  });
  expect(made).toMatchObject({
    projectName: "web",
    status: RunnerStatus.STARTING,
    agent: "demo",
    model: "demo-fast",
    temperature: 0.5,
    maxTokens: 100,
    metadata: { user: "ann" },
    runtimeId: "mine",
    quota: { maxMemoryMb: 512n },
    spec: { title: "A title" },
    incarnation: 1,
    external: false,
  });
  expect(made!.id).toMatch(/^runner_/);
  expect(warnings.map((warning) => warning.split(" ")[0])).toEqual([
    "temperature",
    "max_tokens",
    "quota.max_concurrent_runners",
  ]);
  const bare = await opened.runners.createRunner({ projectName: "web", spec: demo });
  expect(bare.warnings).toEqual([]);
  expect(bare.runner).toMatchObject({ model: "", temperature: 0, maxTokens: 0, runtimeId: "", metadata: {} });
});

test("a runtime_id is unique among live runners, and free again after them", async () => {
  const opened = await open();
  await project(opened);
  const request = { projectName: "web", runtimeId: "mine", spec: demo };
  const { runner: first } = await opened.runners.createRunner(request);
  expect(await failureOf(opened.runners.createRunner(request))).toMatchObject({
    code: Code.AlreadyExists,
    details: { runtime_id: "mine", runner: first!.id },
  });
  await opened.runners.stopRunner({ runnerId: first!.id, force: true });
  expect((await opened.runners.createRunner(request)).runner!.id).not.toBe(first!.id);
});

test("the agent is the request's, else the project's, else the daemon's", async () => {
  const opened = await open({ defaultAgent: "exec" });
  const { projects, runners, folder } = opened;
  await projects.createProject({ name: "own", path: folder, config: { ...demo, model: "demo-fast" } });
  await projects.createProject({ name: "bare", path: folder });
  const make = async (projectName: string, spec: object = {}) =>
    (await runners.createRunner({ projectName, spec: { args: [], ...spec } })).runner!;
  expect(await make("own")).toMatchObject({ agent: "demo", model: "demo-fast" });
  expect(await make("own", { agent: "exec", args: ["true"] })).toMatchObject({ agent: "exec" });
  expect(await make("bare", { args: ["true"] })).toMatchObject({ agent: "exec", model: "" });
  expect((await failureOf(runners.createRunner({ projectName: "nothing", spec: demo }))).reason).toBe(
    "PROJECT_NOT_FOUND",
  );
  const missing = { projectName: "bare", spec: { agent: "exec", args: ["/nothing/here"] } };
  expect(await failureOf(runners.createRunner(missing))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "AGENT_PROGRAM",
  });
  expect((await runners.listRunners({})).totalCount).toBe(3);
});

test("include_metrics and include_session add what they name", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  await converse(opened, sessionId, "!usage 10 5");
  const bare = await opened.runners.getRunner({ runnerId });
  expect([bare.metrics, bare.session]).toEqual([undefined, undefined]);
  expect(bare.runner!.pid).toBeGreaterThan(0);
  const full = await opened.runners.getRunner({ runnerId, includeMetrics: true, includeSession: true });
  expect(full).toMatchObject({ metrics: { tokensUsed: 15n, restarts: 0 }, session: { id: sessionId } });
  const listed = await opened.runners.listRunners({ includeMetrics: true });
  expect(listed.metrics[runnerId]).toMatchObject({ tokensUsed: 15n });
  await expect
    .poll(
      async () =>
        (await opened.runners.listRunners({ includeMetrics: true })).runners[0]?.resourceUsage?.memoryMb,
    )
    .toBeGreaterThan(0n);
  const without = await opened.runners.listRunners({});
  expect([without.metrics, without.runners[0]!.resourceUsage]).toEqual([{}, undefined]);
});

test("a list is narrowed by project, status and labels, and totals with it", async () => {
  const opened = await open();
  await project(opened);
  const live = await runner(opened, { metadata: { team: "a", kind: "x" } });
  const ended = await runner(opened, { agent: "exec", args: ["true"], metadata: { team: "a" } });
  await opened.runners.waitRunner({ runnerId: ended });
  const idsOf = async (request: object) => {
    const { runners, totalCount } = await opened.runners.listRunners(request);
    expect(totalCount).toBe(runners.length);
    return runners.map(({ id }) => id);
  };
  expect(await idsOf({})).toEqual([ended, live]);
  expect(await idsOf({ status: RunnerStatus.RUNNING })).toEqual([live]);
  expect(await idsOf({ status: RunnerStatus.TERMINATED })).toEqual([ended]);
  expect(await idsOf({ metadataFilter: { team: "a" } })).toEqual([ended, live]);
  expect(await idsOf({ metadataFilter: { team: "a", kind: "x" } })).toEqual([live]);
  expect(await idsOf({ projectName: "web", status: RunnerStatus.FAILED })).toEqual([]);
  expect(await idsOf({ projectName: "other" })).toEqual([]);
});

test("StopRunner ends what runs, with patience or by force, and again is a success", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  await converse(opened, sessionId, "!ignore-sigterm\n!ignore-eof");
  const forced = await opened.runners.stopRunner({ runnerId, force: true });
  expect(forced.runner).toMatchObject({ status: RunnerStatus.TERMINATED, pid: 0, sessionId: "" });
  expect(forced.endedProcesses.length).toBeGreaterThan(0);
  expect(forced.method).not.toBe(StopMethod.UNSPECIFIED);
  const again = await opened.runners.stopRunner({ runnerId });
  expect(again).toMatchObject({
    runner: { id: runnerId },
    endedProcesses: [],
    method: StopMethod.UNSPECIFIED,
  });
  const stubborn = await runner(opened);
  const { session: other } = await opened.sessions.createSession({ runnerId: stubborn });
  await converse(opened, other!.id, "!ignore-sigterm\n!ignore-eof");
  const patient = await opened.runners.stopRunner({ runnerId: stubborn, timeoutSeconds: 1 });
  expect(patient.endedProcesses.map(({ signal }) => signal)).toContain("SIGKILL");
  expect((await failureOf(opened.runners.stopRunner({ runnerId: "runner_x" }))).reason).toBe(
    "RUNNER_NOT_FOUND",
  );
});

test("WaitRunner answers in the states that are asked for, by default the last ones", async () => {
  const opened = await open();
  await project(opened);
  const args = ["sh", "-c", "exit 3"];
  const { runner: made } = await opened.runners.createRunner({
    projectName: "web",
    spec: { agent: "exec", args },
  });
  const runnerId = made!.id;
  const statuses = [RunnerStatus.RUNNING, RunnerStatus.FAILED];
  expect(statuses).toContain((await opened.runners.waitRunner({ runnerId, statuses })).runner!.status);
  expect((await opened.runners.waitRunner({ runnerId })).runner).toMatchObject({
    status: RunnerStatus.FAILED,
    exitCode: 3,
  });
});

test("ListAgents tells what is there, and versions only when asked", async () => {
  const { runners } = await open({ defaultAgent: "demo" });
  const { agents } = await runners.listAgents({});
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  expect(byName.get("demo")).toMatchObject({
    installed: true,
    protocol: AgentProtocol.ACP,
    isDefault: true,
    missing: "",
    version: "",
  });
  expect(byName.get("exec")).toMatchObject({
    installed: true,
    protocol: AgentProtocol.EXEC,
    isDefault: false,
  });
  for (const agent of agents) expect(agent.installed).toBe(agent.missing === "");
  const versioned = await runners.listAgents({ includeVersions: true });
  expect(versioned.agents.find(({ name }) => name === "demo")!.version).not.toBe("");
});

test("what this version does not do yet is said, and not left out in silence", async () => {
  const opened = await open();
  await project(opened);
  const create = (request: object) =>
    failureOf(opened.runners.createRunner({ projectName: "web", ...request }));
  const environment = { TOKEN: { source: { case: "secret", value: "env:TOKEN" } } };
  const mcpServers = [{ name: "m", command: ["x"], environment }];
  expect((await create({ spec: { ...demo, mcpServers } })).code).toBe(Code.Unimplemented);
  const deaf = { agent: "exec", args: ["true"], prompt: "hello" };
  expect(await create({ spec: deaf })).toMatchObject({ code: Code.InvalidArgument, fields: ["spec.prompt"] });
  const exec = await opened.runners.createRunner({
    projectName: "web",
    model: "m",
    spec: { agent: "exec", args: ["true"], mcpServers: [{ name: "m", command: ["x"] }] },
  });
  expect(exec.warnings.map((warning) => warning.split(" ")[0])).toEqual(["model", "spec.mcp_servers"]);
});
