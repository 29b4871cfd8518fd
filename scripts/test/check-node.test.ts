import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { complaintAbout } from "../check-node.mjs";
import { root } from "../root.mjs";

it.each(["20.0.0", "22.12.0", "26.10.0", "100.0.0"])("takes Node %s", (version) => {
  expect(complaintAbout(version)).toBeUndefined();
});

it.each(["0.12.18", "8.17.0", "19.9.0"])("complains about Node %s", (version) => {
  expect(complaintAbout(version)).toBe(
    `Stratavore needs Node 20 or newer, and this is ${version}: get one from https://nodejs.org`,
  );
});

it("ends the process with the sentence and nothing else", () => {
  const code = 'import("./scripts/check-node.mjs").then(({ checkNode }) => checkNode("18.20.0"))';
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", code], {
    cwd: join(root),
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: "",
    stderr: `${complaintAbout("18.20.0")}\n`,
  });
});
