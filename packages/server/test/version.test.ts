import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { requireNode, version } from "../src/version.js";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

test("the version is the package's", () => {
  expect(version).toBe(manifest.version);
});

test("a Node that is too old gets a sentence", () => {
  expect(() => requireNode("20.20.2")).toThrow("Stratavore needs Node 22.12 or later; this is Node 20.20.2");
  expect(() => requireNode("22.11.0")).toThrow("22.12");
  expect(manifest.engines.node).toBe(">=22.12");
  for (const good of ["22.12.0", "24.0.0", "26.10.0"]) requireNode(good);
});
