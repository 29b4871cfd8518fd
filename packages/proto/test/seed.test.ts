import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compareContract } from "./contract/compare.js";
import { compiledContract } from "./contract/compiled.js";
import { apiReference, completion } from "./contract/pages.js";
import { parseContract } from "./contract/parse.js";

/** Differences after one change to the API reference; the place must occur once. */
function differencesAfter(from: string, to: string): string[] {
  expect(apiReference.split(from)).toHaveLength(2);
  return compareContract(parseContract(apiReference.replace(from, to)), compiledContract);
}

function count(page: string, pattern: RegExp): number {
  const blocks = [...page.matchAll(/^```protobuf\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  return blocks.join("\n").match(pattern)?.length ?? 0;
}

describe("the API reference", () => {
  it("is the text that was published", () => {
    const digest = createHash("sha256").update(apiReference).digest("hex");
    expect(digest).toBe("40db95e2f0db681710679de0ab473ad8199880803118f021f7e68d735488f7dd");
  });

  it.each([
    ["the reference", apiReference],
    ["its completion", completion],
  ])("is read in full: %s", (_, page) => {
    const types = [...parseContract(page).values()];
    const members = types.flatMap((type) => [...type.members.values()]);
    expect(types.length).toBe(count(page, /^(service|message|enum) /gm));
    expect(types.length).toBeGreaterThan(20);
    expect(members.length).toBe(count(page, /^ {2}(rpc |.* = \d+;)/gm));
    expect(members.length).toBeGreaterThan(80);
  });

  it("is kept by the compiled descriptors, field by field", () => {
    expect(compareContract(parseContract(apiReference), compiledContract)).toEqual([]);
  });

  it("is completed by the compiled descriptors as promised", () => {
    expect(compareContract(parseContract(completion), compiledContract, { enumsMayGrow: true })).toEqual([]);
  });
});

describe("a departure from the API reference is named", () => {
  it.each<[what: string, from: string, to: string, difference: string]>([
    [
      "field number",
      "  string runtime_id = 7;\n",
      "  string runtime_id = 13;\n",
      'Runner: promised "string runtime_id = 13", compiled "string runtime_id = 7"',
    ],
    [
      "field type",
      "int32 max_cpu_percent = 3;",
      "int64 max_cpu_percent = 3;",
      'ResourceQuota: promised "int64 max_cpu_percent = 3", compiled "int32 max_cpu_percent = 3"',
    ],
    [
      "message type",
      "ResourceUsage resource_usage = 12;",
      "ResourceQuota resource_usage = 12;",
      'Runner: promised "ResourceQuota resource_usage = 12", compiled "ResourceUsage resource_usage = 12"',
    ],
    [
      "label",
      "repeated Project projects = 1;",
      "Project projects = 1;",
      'ListProjectsResponse: promised "Project projects = 1", compiled "repeated Project projects = 1"',
    ],
    [
      "presence",
      "string version = 5;",
      "optional string version = 5;",
      'DaemonStatus: promised "optional string version = 5", compiled "string version = 5"',
    ],
    [
      "map value",
      "map<string, ComponentStatus> components = 2;",
      "map<string, string> components = 2;",
      'GetStatusResponse: promised "map<string, string> components = 2", compiled "map<string, ComponentStatus> components = 2"',
    ],
    [
      "field that is missing",
      "  ResourceUsage resource_usage = 12;",
      "  ResourceUsage resource_usage = 12;\n  string colour = 13;",
      'Runner: promised "string colour = 13", compiled "nothing"',
    ],
    [
      "field of ours among the promised numbers",
      "  ResourceUsage resource_usage = 12;\n",
      "",
      'Runner: "ResourceUsage resource_usage = 12" is not promised; our own numbers start at 100',
    ],
    [
      "enum number",
      "RUNNER_STATUS_FAILED = 6;",
      "RUNNER_STATUS_FAILED = 7;",
      'RunnerStatus: promised "RUNNER_STATUS_FAILED = 7", compiled "RUNNER_STATUS_FAILED = 6"',
    ],
    [
      "enum value of ours",
      "  RUNNER_STATUS_FAILED = 6;\n",
      "",
      'RunnerStatus: "RUNNER_STATUS_FAILED = 6" is not promised',
    ],
    [
      "RPC that is missing",
      "  rpc Reconcile(ReconcileRequest) returns (ReconcileResponse);",
      "  rpc Reconcile(ReconcileRequest) returns (ReconcileResponse);\n  rpc Shrink(A) returns (B);",
      'DaemonService: promised "rpc Shrink(A) returns (B)", compiled "nothing"',
    ],
    [
      "streaming",
      "returns (stream RunnerEvent)",
      "returns (RunnerEvent)",
      'RunnerService: promised "rpc StreamRunnerEvents(StreamRunnerEventsRequest) returns (RunnerEvent)", ' +
        'compiled "rpc StreamRunnerEvents(StreamRunnerEventsRequest) returns (stream RunnerEvent)"',
    ],
    [
      "RPC input",
      "rpc GetMetrics(GetMetricsRequest)",
      "rpc GetMetrics(GetStatusRequest)",
      'DaemonService: promised "rpc GetMetrics(GetStatusRequest) returns (GetMetricsResponse)", ' +
        'compiled "rpc GetMetrics(GetMetricsRequest) returns (GetMetricsResponse)"',
    ],
    [
      "service",
      "service SessionService {",
      "service TalkService {",
      "service TalkService is promised, but not compiled",
    ],
    [
      "kind of type",
      "message ErrorInfo {",
      "message EventType {",
      "EventType is promised as message, but compiled as enum",
    ],
  ])("%s", (_, from, to, difference) => {
    expect(differencesAfter(from, to)).toEqual([difference]);
  });

  it("required field of ours", () => {
    const actual = parseContract("```protobuf\nmessage A {\n  string a = 1;\n}\n```\n");
    actual.get("A")!.members.set("b", { declaration: "required string b = 100", number: 100 });
    const promised = parseContract("```protobuf\nmessage A {\n  string a = 1;\n}\n```\n");
    expect(compareContract(promised, actual)).toEqual([
      'A: "required string b = 100" is not promised, so it must not be required',
    ]);
  });
});

describe("text that is not understood", () => {
  it.each([
    ["  string id 1;", "string id 1;"],
    ["  oneof kind {", "oneof kind {"],
    ["  string a = 1; string b = 2;", "string a = 1; string b = 2;"],
  ])("is refused: %s", (line, shown) => {
    expect(() => parseContract(`# A\n\n\`\`\`protobuf\nmessage A {\n${line}\n}\n\`\`\`\n`)).toThrow(
      `line 5 is not understood: ${shown}`,
    );
  });

  it("is refused when a definition is cut off or given twice", () => {
    expect(() => parseContract("```protobuf\nmessage A {\n```\n")).toThrow("ends inside a definition");
    expect(() => parseContract("```protobuf\nmessage A {}\nmessage A {}\n```\n")).toThrow(
      "A is defined twice",
    );
    expect(() => parseContract("```protobuf\nenum A {\n  B = 0;\n  B = 1;\n}\n```\n")).toThrow(
      "B is declared twice",
    );
  });
});
