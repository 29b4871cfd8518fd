import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveProgram } from "../../src/drivers/resolve.js";

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "resolve-"));
  mkdirSync(at("first/both"), { recursive: true });
  mkdirSync(at("second"));
  for (const path of ["first/plain", "second/both", "second/agent"]) writeFileSync(at(path), "");
  for (const path of ["second/both", "second/agent"]) chmodSync(at(path), 0o755);
  chmodSync(at("first/plain"), 0o644);
  symlinkSync(at("second/agent"), at("second/alias"));
});
afterAll(() => rmSync(root, { recursive: true }));

const resolve = (name: string, path = `${root}/first:${root}/second`) =>
  resolveProgram(name, { path, cwd: at("second") });

test("a name is searched along PATH, past folders of that name", async () => {
  expect(await resolve("agent")).toBe(at("second/agent"));
  expect(await resolve("both")).toBe(at("second/both"));
});

test("a name with a slash and an empty PATH entry are relative to cwd", async () => {
  expect(await resolve("./agent", "")).toBe(at("second/agent"));
  expect(await resolve("../second/agent", "")).toBe(at("second/agent"));
  expect(await resolve("agent", "/nowhere:")).toBe(at("second/agent"));
});

test("a symbolic link keeps its name", async () => {
  expect(await resolve("alias")).toBe(at("second/alias"));
});

test.each(["missing", "./missing", "", "a\0b"])("%j is not found", async (name) => {
  await expect(resolve(name)).rejects.toMatchObject({ code: "not_found" });
});

test.each(["plain", "../first/plain", "../first/both"])("%j cannot be executed", async (name) => {
  await expect(resolve(name)).rejects.toMatchObject({ code: "not_executable" });
});
