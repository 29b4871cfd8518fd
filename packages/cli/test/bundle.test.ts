import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const launcher = fileURLToPath(new URL("../bin/stratavore.js", import.meta.url));

it("is three files, none of which imports another", () => {
  expect(
    readdirSync(dist)
      .filter((name) => name.endsWith(".js"))
      .sort(),
  ).toEqual(["agent.js", "daemon.js", "stratavore.js"]);
});

it.each([
  ["stratavore.js", []],
  ["daemon.js", ["better-sqlite3"]],
  ["agent.js", []],
])("%s needs nothing but Node and %j", (name, packages) => {
  const code = readFileSync(`${dist}${name}`, "utf8");
  const imports = [...code.matchAll(/^(?:import|export) .*?from "([^"]+)"|^import "([^"]+)"/gm)];
  const named = imports.map((found) => found[1] ?? found[2] ?? "");
  expect(named.length).toBeGreaterThan(3);
  expect([...new Set(named.filter((each) => !isBuiltin(each)))]).toEqual(packages);
});

it("says in a sentence that Node is too old", async () => {
  const older = 'Object.defineProperty(process, "versions", { value: { node: "20.19.0" } })';
  const args = ["--import", `data:text/javascript,${encodeURIComponent(older)}`, launcher, "version"];
  const failure = await promisify(execFile)(process.execPath, args).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "stratavore needs Node 22.12 or newer, and this is 20.19.0: get one from https://nodejs.org\n",
  });
});
