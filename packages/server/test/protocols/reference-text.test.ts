import { expect, test } from "vitest";
import { referenceRpcs } from "./fixture/reference-text.js";
import { daemon } from "./reference-text/daemon.js";
import { projects } from "./reference-text/projects.js";
import { type Drive, Reader } from "./reference-text/reader.js";
import { runners } from "./reference-text/runners.js";
import { sessions } from "./reference-text/sessions.js";

// The API reference's text is enough: a stock client that is made from its own blocks, with the contract's fields for the
// requests and enums that it names without defining, and empty messages for the answers that it does not define.
const of = (service: string, drives: Record<string, Drive>): [string, Drive][] =>
  Object.entries(drives).map(([method, drive]) => [`${service}.${method}`, drive]);

const drives = new Map([
  ...of("RunnerService", runners),
  ...of("ProjectService", projects),
  ...of("SessionService", sessions),
  ...of("DaemonService", daemon),
]);

test("every RPC of the reference is driven below", () => {
  expect(referenceRpcs).toHaveLength(22);
  expect([...drives.keys()].sort()).toEqual([...referenceRpcs].sort());
});

test.each(referenceRpcs)("%s", async (rpc) => {
  const reader = await Reader.of();
  await drives.get(rpc)!(reader);
  expect(reader.called).toContain(rpc);
});
