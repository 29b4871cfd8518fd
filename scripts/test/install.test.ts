import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { install } from "../install.mjs";
import { folderWith } from "./workspace.js";

const path = process.env.PATH;
let workspace: string;
let shown: MockInstance<typeof process.stdout.write>;

/** Puts an `npx` before all others that writes its arguments to a file and ends with the code. */
function useInstaller(exitCode: number): string {
  const log = join(workspace, "calls");
  const text = `#!/bin/sh\necho "$@" >>'${log}'\necho 'Something about packages'\nexit ${exitCode}\n`;
  const bin = folderWith({ npx: text });
  chmodSync(join(bin, "npx"), 0o755);
  process.env.PATH = [bin, path].join(delimiter);
  return log;
}

const calls = (log: string) => (existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : []);

beforeEach(() => {
  shown = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  workspace = folderWith({
    "package.json": '{"name":"w","packageManager":"pnpm@1.2.3+sha512.abc"}',
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "packages/a/package.json": '{"name":"@w/a"}',
    "node_modules/.keep": "",
  });
});

afterEach(() => {
  process.env.PATH = path;
  shown.mockRestore();
});

it("asks the named pnpm for what the lockfile says, and then has nothing to do or say", async () => {
  const log = useInstaller(0);
  await install(workspace);
  expect(shown).toHaveBeenCalled();
  shown.mockClear();
  await install(workspace);
  expect(shown).not.toHaveBeenCalled();
  expect(calls(log)).toEqual(["-y pnpm@1.2.3 install --frozen-lockfile"]);
});

it.each(["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", "packages/a/package.json"])(
  "installs again after a change of %s",
  async (file) => {
    const log = useInstaller(0);
    await install(workspace);
    writeFileSync(join(workspace, file), `${readFileSync(join(workspace, file), "utf8")}\n`);
    await install(workspace);
    expect(calls(log)).toHaveLength(2);
  },
);

it("shows what pnpm wrote when it fails, and tries again the next time", async () => {
  const log = useInstaller(7);
  const failure =
    /^npx -y pnpm@1\.2\.3 install --frozen-lockfile: ended with code 7\nSomething about packages$/;
  await expect(install(workspace)).rejects.toThrow(failure);
  await expect(install(workspace)).rejects.toThrow(failure);
  expect(calls(log)).toHaveLength(2);
});
