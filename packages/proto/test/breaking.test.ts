import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { breakingChanges, root } from "../scripts/buf.mjs";
import { brokenSince, lastRelease } from "../scripts/release.mjs";
import { copyOfContract, edit, workspaceOf } from "./buf/workspace.js";
import { baselineFiles } from "./contract/baseline.js";

describe("the promised part of the contract", () => {
  it("is not broken", () => {
    expect(breakingChanges(root, workspaceOf(baselineFiles()))).toEqual([]);
  });

  it.each<[what: string, file: string, from: string, to: string, found: string]>([
    [
      "a promised field that is gone",
      "runner.proto",
      "  string runtime_id = 7;\n",
      "",
      'Previously present field "7" with name "runtime_id" on message "Runner" was deleted',
    ],
    [
      "another type",
      "resource.proto",
      "int32 max_cpu_percent = 3",
      "int64 max_cpu_percent = 3",
      'Field "3" with name "max_cpu_percent" on message "ResourceQuota" changed type from "int32" to "int64"',
    ],
    [
      "another JSON name",
      "project.proto",
      "ProjectStatistics statistics = 7;",
      'ProjectStatistics statistics = 7 [json_name = "figures"];',
      'changed option "json_name" from "statistics" to "figures"',
    ],
    [
      "a completed enum value that is gone",
      "session.proto",
      "  SESSION_STATUS_RESUMABLE = 4;\n",
      "",
      'Previously present enum value "4" on enum "SessionStatus" was deleted',
    ],
    [
      "another Go package",
      "error.proto",
      "stratavore/v1;stratavorev1",
      "stratavore/v1;other",
      'File option "go_package" changed',
    ],
    [
      "an RPC that is gone",
      "daemon_service.proto",
      "  rpc Reconcile(ReconcileRequest) returns (ReconcileResponse);\n",
      "",
      'Previously present RPC "Reconcile" on service "DaemonService" was deleted',
    ],
  ])("fails on %s", (_, file, from, to, found) => {
    const changed = copyOfContract();
    edit(changed, `proto/stratavore/v1/${file}`, from, to);
    const broken = breakingChanges(changed, workspaceOf(baselineFiles()));
    expect(broken).toEqual([expect.stringContaining(found)]);
  });
});

describe("what was released", () => {
  it("is compared with the latest tag that the commit descends from", () => {
    const repository = copyOfContract();
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@localhost", ...args], {
        cwd: repository,
      });
    git("init", "--quiet");
    git("add", "buf.yaml", "proto");
    git("commit", "--quiet", "--message", "first");
    expect(lastRelease(repository)).toBeUndefined();
    git("tag", "@stratavore/proto@0.9.0");
    git("tag", "@stratavore/proto@0.10.0");
    expect(lastRelease(repository)).toBe("@stratavore/proto@0.10.0");
    expect(brokenSince(repository, "@stratavore/proto@0.10.0")).toEqual([]);

    edit(
      repository,
      "proto/stratavore/v1/runner.proto",
      "  // Who created it.\n  string created_by = 109;\n",
      "",
    );
    expect(brokenSince(repository, "@stratavore/proto@0.10.0")).toEqual([
      expect.stringContaining('field "109" with name "created_by" on message "Runner" was deleted'),
    ]);
  });
});
