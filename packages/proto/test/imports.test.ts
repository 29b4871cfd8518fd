import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { describe, expect, it } from "vitest";
import { compile } from "../scripts/buf.mjs";
import { printProto } from "../scripts/print-proto.mjs";
import { workspaceOf } from "./buf/workspace.js";
import { describeContract } from "./contract/describe.js";

const path = "buf/validate/validate.proto";

describe("the validate.proto that we print", () => {
  it("defines, compiled, what @bufbuild/protovalidate ships", () => {
    const workspace = workspaceOf(new Map([[path, printProto(file_buf_validate_validate)]]));
    const printed = describeContract([compile(workspace).getFile(path)!]);
    const shipped = describeContract([file_buf_validate_validate]);
    expect(shipped.get("StringRules")!.members.size).toBeGreaterThan(20);
    expect(shipped.get("extend google.protobuf.FieldOptions")!.members.size).toBeGreaterThan(0);
    expect([...printed.keys()].sort()).toEqual([...shipped.keys()].sort());
    for (const [name, type] of shipped) expect([name, printed.get(name)]).toEqual([name, type]);
  });
});
