import { expect, test } from "vitest";
import { exemptPaths } from "../../src/http/exempt.js";

const isExempt = exemptPaths(["/login", "/assets/*"]);

test.each([
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
  "/login",
  "/login?next=1",
  "/assets/a.js",
])("%s needs no credential", (path) => expect(isExempt(path)).toBe(true));

test.each([
  "/",
  "/login/",
  "/loginx",
  "/assets",
  "/assetsx/a.js",
  "/grpc.health.v1.Health",
  "/assets/../metrics",
  "/assets/%2e%2E/metrics",
  "/assets/..%2fmetrics",
  "/assets/..\\metrics",
  "/x?/assets/a.js",
])("%s needs one", (path) => expect(isExempt(path)).toBe(false));

test("a pattern that can match nothing is refused", () => {
  expect(() => exemptPaths(["login"])).toThrow(TypeError);
});
