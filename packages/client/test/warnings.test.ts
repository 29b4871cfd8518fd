import { createRouterTransport } from "@connectrpc/connect";
import { ProjectService, RunnerService } from "@stratavore/proto";
import { expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../src/index.js";
import { createClient as createNodeClient } from "../src/node/index.js";

const transport = createRouterTransport((router) => {
  router.rpc(RunnerService.method.createRunner, () => ({ runner: {}, warnings: ["a", "b"] }));
  router.rpc(ProjectService.method.createProject, () => ({ project: {}, warnings: ["c"] }));
  router.rpc(ProjectService.method.updateProject, () => ({ project: {}, warnings: ["d"] }));
});

test("warnings go to the listener, one at a time", async () => {
  const heard: string[] = [];
  const client = createClient({ transport, onWarning: (warning) => heard.push(warning) });
  await client.runners.create({});
  await client.projects.create({});
  await client.projects.update({});
  expect(heard).toEqual(["a", "b", "c", "d"]);
});

test("without a listener they are the process's warnings in Node", async () => {
  const heard: Error[] = [];
  const listener = (warning: Error) => heard.push(warning);
  process.on("warning", listener);
  onTestFinished(() => void process.off("warning", listener));
  await createNodeClient({ transport }).projects.create({});
  await vi.waitFor(() => expect(heard).toMatchObject([{ name: "StratavoreWarning", message: "c" }]));
});

test("without a listener they go to the console elsewhere", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  await createClient({ transport }).projects.create({});
  expect(warn.mock.calls).toEqual([["stratavore: c"]]);
});
