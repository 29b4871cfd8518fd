import { ProjectService, RunnerService, SessionService } from "@stratavore/proto";
import { expect } from "vitest";
import type { Protocol } from "../fixture/plain-client.js";
import { bad, newProject, newRunner } from "./field-cases.js";
import type { Row } from "./table.js";

const { createProject, updateProject } = ProjectService.method;
const { updateRunner } = RunnerService.method;
const { createSession } = SessionService.method;

const models = ["--dangerously-skip-permissions", "-m", "$(id)", "`id`", "a\nb", "a\n", "a b", "a;b"];
const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, "v"]));
const variables = ["LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "NODE_OPTIONS", "BASH_ENV"];
const withVariable = (name: string) => ({ [name]: { source: { case: "plain", value: "/tmp/x" } } });

const text = (tag: number, value: string | Buffer) => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
};

/** A project whose labels have names that JavaScript's objects have, too; no library is between it and the server. */
function withNames(protocol: Protocol, name: string, path: string): Buffer {
  const labels = { constructor: "b", toString: "c" };
  if (protocol === "Connect JSON") {
    const all = JSON.stringify({ name, path, metadata: labels }).replace(
      '{"constructor',
      '{"__proto__":"a","constructor',
    );
    return Buffer.from(all);
  }
  const entries = [["__proto__", "a"] as const, ...Object.entries(labels)];
  const encoded = entries.map(([key, value]) =>
    text(0x32, Buffer.concat([text(0x0a, key), text(0x12, value)])),
  );
  return Buffer.concat([text(0x0a, name), text(0x1a, path), ...encoded]);
}

const named = [
  ["__proto__", "a"],
  ["constructor", "b"],
  ["toString", "c"],
];

/** What would reach further than it should: into a command line, into JavaScript, into an agent's environment. */
export const reach: readonly Row[] = [
  {
    number: 27,
    what: "a model that is more than a name",
    answer: "invalid_argument",
    cases: models.flatMap((model) => [
      newRunner(model, { model }, "model"),
      newProject(model, { config: { model } }, "config.model"),
      bad(model, updateProject, { name: "web", config: { model } }, "config.model"),
      bad(model, updateRunner, { runnerId: "runner_x", model }, "model"),
      bad(model, createSession, { runnerId: "runner_x", model }, "model"),
    ]),
  },
  {
    number: 28,
    what: "labels with names that objects have",
    answer: "ok",
    cases: [
      {
        input: "__proto__, constructor and toString",
        leaves: true,
        call: ({ folder }, protocol) => ({
          method: createProject,
          bytes: withNames(protocol, "named", folder),
        }),
        async check({ messages: [answer] }, { projects }) {
          const { project } = await projects.getProject({ name: "named" });
          const told = (answer as unknown as { project: typeof project }).project;
          for (const { metadata } of [project!, told!])
            expect(Object.entries(metadata).sort()).toEqual(named);
          expect(({} as Record<string, unknown>).a).toBeUndefined();
        },
      },
    ],
  },
  {
    number: 29,
    what: "too many labels, or variables that change what a program is",
    answer: "invalid_argument",
    cases: [
      newProject("10,000 labels", { metadata: many }, "metadata"),
      newRunner("10,000 labels", { metadata: many }, "metadata"),
      ...variables.flatMap((name) => [
        newRunner(
          name,
          { spec: { agent: "demo", environment: withVariable(name) } },
          `spec.environment["${name}"]`,
        ),
        newProject(name, { config: { environment: withVariable(name) } }, `config.environment["${name}"]`),
        bad(
          name,
          updateProject,
          { name: "web", config: { environment: withVariable(name) } },
          `config.environment["${name}"]`,
        ),
      ]),
    ],
  },
];
