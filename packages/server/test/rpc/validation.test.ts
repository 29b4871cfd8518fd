import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type Failure, failureOf } from "./fixture/failure.js";
import { type Opened, open, project } from "./fixture/stratavore.js";

type Call = (opened: Opened) => Promise<unknown> | AsyncIterable<unknown>;

const newProject =
  (request: object): Call =>
  ({ projects, folder }) =>
    projects.createProject({ name: "api", path: folder, ...request });

const newRunner =
  (request: object, spec: object = {}): Call =>
  ({ runners }) =>
    runners.createRunner({ projectName: "web", ...request, spec: { agent: "demo", ...spec } });

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
const nul = "a\0b";

/** What is wrong, the call, and the field to blame; empty where it is the request as a whole. */
const cases: [string, Call, string][] = [
  ["no project name", newProject({ name: "" }), "name"],
  ["a project name that goes up", newProject({ name: ".." }), "name"],
  ["a project name with a slash", newProject({ name: "a/b" }), "name"],
  ["a project name of 300 characters", newProject({ name: "a".repeat(300) }), "name"],
  ["a project name with bidi controls", newProject({ name: "a\u202eb" }), "name"],
  ["a project name with a newline", newProject({ name: "a\n" }), "name"],
  ["a project name with a NUL", newProject({ name: nul }), "name"],
  ["a description with a NUL", newProject({ description: nul }), "description"],
  ["an empty path", newProject({ path: "" }), "path"],
  ["a relative path", newProject({ path: "here" }), "path"],
  ["a path that goes up", newProject({ path: "/tmp/../etc" }), "path"],
  ["a path with a NUL", newProject({ path: "/tmp\0" }), "path"],
  ["a negative quota", newProject({ quota: { maxConcurrentRunners: -1 } }), "quota.max_concurrent_runners"],
  ["a negative daily quota", newProject({ quota: { maxTokensPerDay: -1n } }), "quota.max_tokens_per_day"],
  ["10,000 labels", newProject({ metadata: many(10_000) }), "metadata"],
  ["a label without a name", newProject({ metadata: { "": "v" } }), "metadata."],
  [
    "a label of 257 bytes",
    newProject({ metadata: { ["é".repeat(129)]: "v" } }),
    `metadata.${"é".repeat(129)}`,
  ],
  ["a label's value of 5 KiB", newProject({ metadata: { k: "v".repeat(5000) } }), "metadata.k"],
  ["a label with a NUL", newProject({ metadata: { k: nul } }), 'metadata."k"'],
  ["a label's name with a NUL", newProject({ metadata: { [nul]: "v" } }), `metadata.${JSON.stringify(nul)}`],
  [
    "a loader's variable for all runners",
    newProject({ config: { environment: { LD_PRELOAD: { source: { case: "plain", value: "/x.so" } } } } }),
    'config.environment["LD_PRELOAD"]',
  ],
  [
    "NaN in the project's defaults",
    newProject({ config: { temperature: Number.NaN } }),
    "config.temperature",
  ],
  ["a temperature that is no number", newRunner({ temperature: Number.NaN }), "temperature"],
  ["an infinite temperature", newRunner({ temperature: Number.POSITIVE_INFINITY }), "temperature"],
  ["a temperature of -1", newRunner({ temperature: -1 }), "temperature"],
  ["a temperature of 3", newRunner({ temperature: 3 }), "temperature"],
  ["negative max_tokens", newRunner({ maxTokens: -1 }), "max_tokens"],
  ["a model that is an option", newRunner({ model: "--dangerously-skip-permissions" }), "model"],
  ["a model that is a command", newRunner({ model: "$(id)" }), "model"],
  ["a model with a newline", newRunner({ model: "a\n" }), "model"],
  ["a runtime_id with a NUL", newRunner({ runtimeId: nul }), "runtime_id"],
  ["a prompt with a NUL", newRunner({}, { prompt: nul }), "spec.prompt"],
  ["a title with a NUL", newRunner({}, { title: nul }), "spec.title"],
  ["an argument with a NUL", newRunner({}, { args: ["ok", nul] }), "spec.args.1"],
  [
    "an MCP server's command with a NUL",
    newRunner({}, { mcpServers: [{ name: "m", command: [nul] }] }),
    "spec.mcp_servers.0.command.0",
  ],
  ["an agent that nobody knows", newRunner({}, { agent: "nobody" }), "spec.agent"],
  ["an agent's name with a path", newRunner({}, { agent: "../bin/sh" }), "spec.agent"],
  ["a permission mode that is none", newRunner({}, { permissionMode: 99 }), "spec.permission_mode"],
  ["exec without a command", newRunner({}, { agent: "exec" }), "spec.args"],
  ...["LD_PRELOAD", "PATH", "NODE_OPTIONS", "BASH_ENV", "STRATAVORE_RUNNER_ID"].map(
    (name): [string, Call, string] => [
      `${name} for the agent`,
      newRunner({}, { environment: { [name]: { source: { case: "plain", value: "x" } } } }),
      `spec.environment["${name}"]`,
    ],
  ),
  [
    "a variable that has no source",
    newRunner({}, { environment: { A: { source: { case: undefined } } } }),
    "spec.environment.A.source",
  ],
  [
    "a value with a NUL for the agent",
    newRunner({}, { environment: { A: { source: { case: "plain", value: nul } } } }),
    'spec.environment."A".plain',
  ],
  ["no runner id", ({ runners }) => runners.getRunner({}), "runner_id"],
  ["a negative limit", ({ runners }) => runners.listRunners({ limit: -1 }), "limit"],
  ["a negative offset", ({ projects }) => projects.listProjects({ offset: -1 }), "offset"],
  [
    "a negative page size",
    ({ sessions }) => sessions.getSessionTranscript({ sessionId: "s", pageSize: -1 }),
    "page_size",
  ],
  ["a status that is none", ({ runners }) => runners.listRunners({ status: 99 as never }), "status"],
  ["a token that is none", ({ runners }) => runners.listRunners({ pageToken: "x" }), "page_token"],
  ["a token of another list", ({ runners }) => runners.listRunners({ pageToken: "ImEi" }), "page_token"],
  ["a token and an offset", ({ runners }) => runners.listRunners({ pageToken: "x", offset: 1 }), ""],
  [
    "a format that is none",
    ({ sessions }) => sessions.getSessionTranscript({ sessionId: "s", format: 99 as never }),
    "format",
  ],
  ["nothing to say", ({ sessions }) => sessions.sendMessage({ sessionId: "s" }), ""],
  ["a NUL to say", ({ sessions }) => sessions.sendMessage({ sessionId: "s", text: nul }), "text"],
  [
    "a part with a NUL",
    ({ sessions }) =>
      sessions.sendMessage({ sessionId: "s", parts: [{ kind: { case: "text", value: nul } }] }),
    "parts.0.text",
  ],
  [
    "a part that no person says",
    ({ sessions }) =>
      sessions.sendMessage({ sessionId: "s", parts: [{ kind: { case: "thinking", value: "hm" } }] }),
    "parts[0]",
  ],
  [
    "more than an hour to stop",
    ({ runners }) => runners.stopRunner({ runnerId: "r", timeoutSeconds: 3601 }),
    "timeout_seconds",
  ],
  [
    "a stream's filter with a slash",
    ({ runners }) => runners.streamRunnerEvents({ projectName: "a/b" }),
    "project_name",
  ],
  ["a component that is none", ({ daemon }) => daemon.healthCheck({ component: 99 as never }), "component"],
  ["a request id of 129 characters", newProject({ requestId: "r".repeat(129) }), "request_id"],
  [
    "an approval without an answer",
    ({ approvals }) => approvals.resolveApproval({ approvalId: "a" }),
    "answer",
  ],
];

test("each bad field is INVALID_ARGUMENT and named, and changes nothing", async () => {
  const opened = await open();
  await project(opened);
  const failures = new Map<string, Failure>();
  for (const [what, call] of cases) {
    failures.set(what, await failureOf(call(opened)).catch(() => undefined as never));
  }
  const seen = cases.map(([what]) => {
    const failure = failures.get(what);
    return [what, failure && Code[failure.code], failure?.fields[0]];
  });
  expect(seen).toEqual(cases.map(([what, , field]) => [what, "InvalidArgument", field]));
  expect((await opened.runners.listRunners({})).totalCount).toBe(0);
  expect((await opened.projects.listProjects({})).totalCount).toBe(1);
});

test("the largest page is 1000, however many are asked for", async () => {
  const opened = await open();
  const { projects, folder } = opened;
  await Promise.all(
    Array.from({ length: 1001 }, (_, n) => projects.createProject({ name: `p${n}`, path: folder })),
  );
  const page = await projects.listProjects({ limit: 1_000_000_000 });
  expect(page).toMatchObject({ totalCount: 1001, hasMore: true });
  expect(page.projects).toHaveLength(1000);
  expect((await projects.listProjects({})).projects).toHaveLength(50);
});

test("labels with names that mean something to JavaScript round-trip", async () => {
  const opened = await open();
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","":""}');
  delete metadata[""];
  await opened.projects.createProject({ name: "web", path: opened.folder, metadata, requestId: "r" });
  const { project: stored } = await opened.projects.getProject({ name: "web" });
  expect(Object.entries(stored!.metadata).sort()).toEqual(Object.entries(metadata).sort());
  expect(({} as Record<string, unknown>).a).toBeUndefined();
  const changed = { ...metadata };
  Object.defineProperty(changed, "__proto__", { value: "z", enumerable: true, configurable: true });
  const again = { name: "web", path: opened.folder, metadata: changed, requestId: "r" };
  expect((await failureOf(opened.projects.createProject(again))).reason).toBe("REQUEST_ID_REUSED");
});
