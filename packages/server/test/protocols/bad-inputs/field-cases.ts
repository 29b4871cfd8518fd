import type { DescMethod } from "@bufbuild/protobuf";
import { ProjectService, RunnerService } from "@stratavore/proto";
import { BadRequestSchema } from "@stratavore/proto/rpc";
import { expect } from "vitest";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { PlainAnswer } from "../fixture/plain-client.js";
import type { Case } from "./table.js";

const { createProject } = ProjectService.method;
const { createRunner } = RunnerService.method;

/** The answer names the field to blame. */
const blames =
  (field: string) =>
  ({ error }: PlainAnswer) => {
    const [bad] = error?.findDetails(BadRequestSchema) ?? [];
    expect(bad?.fieldViolations.map((violation) => violation.field)).toContain(field);
  };

type Message = object | ((server: Opened) => object);

/** A request with one bad field, which the answer has to name. */
export const bad = (input: string, method: DescMethod, message: Message, field: string): Case => ({
  input: `${method.name}: ${input}`,
  call: (server) => ({ method, message: typeof message === "function" ? message(server) : message }),
  check: blames(field),
});

export const newProject = (input: string, request: object, field: string): Case =>
  bad(input, createProject, ({ folder }) => ({ name: "new", path: folder, ...request }), field);

export const newRunner = (input: string, request: object, field: string): Case =>
  bad(input, createRunner, { projectName: "web", spec: { agent: "demo" }, ...request }, field);
