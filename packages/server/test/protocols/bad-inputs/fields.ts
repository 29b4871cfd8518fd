import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  SessionService,
} from "@stratavore/proto";
import { expect } from "vitest";
import { bad, newProject, newRunner } from "./field-cases.js";
import type { Row } from "./table.js";

const { createProject, listProjects, updateProject } = ProjectService.method;
const { createRunner, listRunners, restartRunner, stopRunner, streamRunnerEvents, updateRunner } =
  RunnerService.method;
const { getSessionTranscript, listSessions, searchTranscripts, sendMessage } = SessionService.method;
const { listApprovals } = ApprovalService.method;
const { healthCheck, streamLogs } = DaemonService.method;

const nul = "a\0b";
const paths = ["here", "./here", "../up", "/tmp/../etc", "/tmp/..", "~/web", ""];
const temperatures = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 3];

/** What is wrong with the value of a field. */
export const fields: readonly Row[] = [
  {
    number: 18,
    what: "a temperature out of range",
    answer: "invalid_argument",
    cases: temperatures.flatMap((temperature) => [
      newRunner(`${temperature}`, { temperature }, "temperature"),
      newProject(`${temperature}`, { config: { temperature } }, "config.temperature"),
      bad(`${temperature}`, updateProject, { name: "web", config: { temperature } }, "config.temperature"),
      bad(`${temperature}`, updateRunner, { runnerId: "runner_x", temperature }, "temperature"),
    ]),
  },
  {
    number: 19,
    what: "a negative limit",
    answer: "invalid_argument",
    cases: [
      newRunner("max_tokens", { maxTokens: -1 }, "max_tokens"),
      newProject("max_tokens", { config: { maxTokens: -1 } }, "config.max_tokens"),
      newProject(
        "a budget",
        { config: { budgets: [{ scope: 1, maxTokens: -1n }] } },
        "config.budgets.0.max_tokens",
      ),
      bad("max_tokens", updateProject, { name: "web", config: { maxTokens: -1 } }, "config.max_tokens"),
      bad("max_tokens", updateRunner, { runnerId: "runner_x", maxTokens: -1 }, "max_tokens"),
      ...[
        ["max_concurrent_runners", { maxConcurrentRunners: -1 }] as const,
        ["max_memory_mb", { maxMemoryMb: -1n }] as const,
        ["max_cpu_percent", { maxCpuPercent: -1 }] as const,
        ["max_tokens_per_day", { maxTokensPerDay: -1n }] as const,
      ].flatMap(([name, quota]) => [
        newProject(name, { quota }, `quota.${name}`),
        newRunner(name, { quota }, `quota.${name}`),
        bad(name, updateProject, { name: "web", quota }, `quota.${name}`),
      ]),
      ...[stopRunner, restartRunner].map((method) =>
        bad("timeout_seconds", method, { runnerId: "runner_x", timeoutSeconds: -1 }, "timeout_seconds"),
      ),
    ],
  },
  {
    number: 20,
    what: "a NUL in a string",
    answer: "invalid_argument",
    cases: [
      newProject("a name", { name: nul }, "name"),
      newProject("a description", { description: nul }, "description"),
      newProject("a path", { path: "/tmp\0" }, "path"),
      newProject("a label", { metadata: { k: nul } }, 'metadata."k"'),
      newProject("a label's name", { metadata: { [nul]: "v" } }, `metadata.${JSON.stringify(nul)}`),
      newRunner("a model", { model: nul }, "model"),
      newRunner(
        "a variable",
        { spec: { agent: "demo", environment: { A: { source: { case: "plain", value: nul } } } } },
        'spec.environment."A".plain',
      ),
      newRunner("a runtime_id", { runtimeId: nul }, "runtime_id"),
      newRunner("a prompt", { spec: { agent: "demo", prompt: nul } }, "spec.prompt"),
      newRunner("an argument", { spec: { agent: "exec", args: ["echo", nul] } }, "spec.args.1"),
      bad("text", sendMessage, { sessionId: "session_x", text: nul }, "text"),
      bad("words", searchTranscripts, { query: nul }, "query"),
      bad("a filter", listRunners, { metadataFilter: { k: nul } }, 'metadata_filter."k"'),
      bad("a filter of a stream", streamRunnerEvents, { runnerId: nul }, "runner_id"),
    ],
  },
  {
    number: 21,
    what: "enum value 99",
    answer: "invalid_argument",
    cases: [
      bad("a status", listRunners, { status: 99 }, "status"),
      bad("a status", listProjects, { status: 99 }, "status"),
      bad("a status", listSessions, { status: 99 }, "status"),
      bad("a status", updateProject, { name: "web", status: 99 }, "status"),
      bad("a state", listApprovals, { state: 99 }, "state"),
      bad("an event type", streamRunnerEvents, { eventTypes: [99] }, "event_types.0"),
      bad("a format", getSessionTranscript, { sessionId: "session_x", format: 99 }, "format"),
      bad("a component", healthCheck, { component: 99 }, "component"),
      bad("a severity", streamLogs, { level: 99 }, "level"),
      newRunner("a mode", { spec: { agent: "demo", permissionMode: 99 } }, "spec.permission_mode"),
      bad(
        "what to do when busy",
        sendMessage,
        { sessionId: "session_x", text: "hi", whenBusy: 99 },
        "when_busy",
      ),
    ],
  },
  {
    number: 22,
    what: "a page that is none",
    answer: "invalid_argument",
    cases: [
      ...[listProjects, listRunners, listSessions].flatMap((method) => [
        bad("limit -1", method, { limit: -1 }, "limit"),
        bad("offset -1", method, { offset: -1 }, "offset"),
      ]),
      bad("limit -1", listApprovals, { limit: -1 }, "limit"),
      bad("limit -1", searchTranscripts, { query: "a", limit: -1 }, "limit"),
      bad("page_size -1", getSessionTranscript, { sessionId: "session_x", pageSize: -1 }, "page_size"),
      bad("tail -1", streamLogs, { tail: -1 }, "tail"),
      {
        input: "ListProjects: a limit of a billion is clamped",
        answer: "ok",
        async call({ projects, folder }) {
          const made = Array.from({ length: 1000 }, (_, n) =>
            projects.createProject({ name: `p${n}`, path: folder }),
          );
          await Promise.all(made);
          return { method: listProjects, message: { limit: 1_000_000_000 } };
        },
        check: ({ messages: [page] }) => {
          expect(page).toMatchObject({ totalCount: 1001, hasMore: true });
          expect((page as unknown as { projects: unknown[] }).projects).toHaveLength(1000);
        },
      },
    ],
  },
  {
    number: 23,
    what: "a project name that is none",
    answer: "invalid_argument",
    cases: ["", "..", "a/b", "a".repeat(300), "a\u202eb", "\u2066a\u2069", "a\n", " a", "-a"].flatMap(
      (name) => {
        const shown = JSON.stringify(name.slice(0, 20));
        return [
          newProject(shown, { name }, "name"),
          bad(shown, createRunner, { projectName: name, spec: { agent: "demo" } }, "project_name"),
        ];
      },
    ),
  },
  {
    number: 24,
    what: "a path that is not absolute",
    answer: "invalid_argument",
    cases: [
      ...paths.map((path) => newProject(JSON.stringify(path), { path }, "path")),
      ...paths
        .filter((path) => path !== "")
        .map((path) => bad(JSON.stringify(path), updateProject, { name: "web", path }, "path")),
    ],
  },
  {
    number: 26,
    what: "a path without a directory",
    answer: "failed_precondition",
    cases: [
      {
        input: "nothing is there",
        call: ({ folder }) => ({
          method: createProject,
          message: { name: "new", path: `${folder}/nothing` },
        }),
      },
      {
        input: "a file is there",
        call: ({ folder }) => ({ method: createProject, message: { name: "new", path: aFile(folder) } }),
      },
      {
        input: "below a file",
        call: ({ folder }) => ({
          method: createProject,
          message: { name: "new", path: `${aFile(folder)}/x` },
        }),
      },
      {
        input: "a project moves to a file",
        call: ({ folder }) => ({ method: updateProject, message: { name: "web", path: aFile(folder) } }),
      },
    ],
  },
];

function aFile(folder: string): string {
  const path = join(folder, "file");
  writeFileSync(path, "");
  return path;
}
