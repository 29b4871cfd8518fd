import type { AnyDesc } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { getComments } from "@bufbuild/protoplugin";
import { expect, it } from "vitest";
import { compile } from "../scripts/buf.mjs";
import { workspaceOf } from "./buf/workspace.js";

type Documented = Exclude<AnyDesc, { kind: "file" }>;

/** Every declaration of our package that has no comment above it, as buf would name it. */
function undocumented(registry: ReturnType<typeof compile>): string[] {
  const types: Documented[] = [...registry.files]
    .filter((file) => file.proto.package === "stratavore.v1")
    .flatMap((file) => [...nestedTypes(file)]);
  const all = types.flatMap((desc): Documented[] => {
    if (desc.kind === "message") return [desc, ...desc.fields, ...desc.oneofs];
    if (desc.kind === "enum") return [desc, ...desc.values];
    return desc.kind === "service" ? [desc, ...desc.methods] : [desc];
  });
  expect(all.length).toBeGreaterThan(0);
  return all.filter((desc) => !getComments(desc).leading?.trim()).map(String);
}

it("everything in the contract has a comment", () => {
  expect(undocumented(compile())).toEqual([]);
});

it("what has no comment is named", () => {
  const text =
    'syntax = "proto3";\npackage stratavore.v1;\n' +
    "// A.\nmessage A {\n  // B.\n  string b = 1;\n  string c = 2;\n  oneof d {\n    // E.\n    bool e = 3;\n  }\n" +
    "  message F {}\n}\n" +
    "enum G {\n  // H.\n  H = 0;\n  I = 1;\n}\n" +
    "service J {\n  rpc K(A) returns (A);\n}\n";
  expect(undocumented(compile(workspaceOf(new Map([["a.proto", text]]))))).toEqual([
    "field stratavore.v1.A.c",
    "oneof stratavore.v1.A.d",
    "message stratavore.v1.A.F",
    "enum stratavore.v1.G",
    "enum value stratavore.v1.G.I",
    "service stratavore.v1.J",
    "rpc stratavore.v1.J.K",
  ]);
});
