import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPath } from "../../../src/domain/approval-policy/path-pattern.js";

const cases: [string, string, boolean][] = [
  ["src/a.ts", "src/a.ts", true],
  ["src/a.ts", "src/b.ts", false],
  ["src/*", "src/a.ts", true],
  ["src/*", "src/deep/a.ts", false],
  ["src/**", "src/deep/a.ts", true],
  ["src/**", "src", true],
  ["src/**", "srcs/a.ts", false],
  ["**", "", true],
  ["**/*.ts", "a.ts", true],
  ["**/*.ts", "a/b/c.ts", true],
  ["**/*.ts", "a/b/c.js", false],
  ["**/.env", "/home/me/.env", true],
  ["*", ".env", true],
  ["*", "/etc", false],
  ["/etc/**", "/etc/passwd", true],
  ["app/[id]/{a,b}.ts", "app/[id]/{a,b}.ts", true],
  ["app/[id].ts", "app/i.ts", false],
  ["!src", "other", false],
  ["a/**/b/**/c", "a/x/b/y/z/c", true],
  ["a/**/b/**/c", "a/x/y/z/c", false],
];

test.each(cases)("%j of %j: %s", (pattern, path, is) => {
  expect(matchesPath(pattern, path)).toBe(is);
});

/** The same by a regular expression: slow for some patterns, and right. */
const expression = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split("/")
      .map((name) => (name === "**" ? "(?:[^/]+/)*" : `${name.replaceAll("*", "[^/]*")}/`))
      .join("")}$`,
  );

test("as a regular expression says", () => {
  const name = fc.stringMatching(/^[ab]{1,3}$/);
  const wanted = fc.oneof(fc.constant("**"), fc.stringMatching(/^[ab*]{1,3}$/));
  const path = (of: fc.Arbitrary<string>) =>
    fc.array(of, { minLength: 1, maxLength: 5 }).map((all) => all.join("/"));
  fc.assert(
    fc.property(path(wanted), path(name), (pattern, given) => {
      expect(matchesPath(pattern, given)).toBe(expression(pattern).test(`${given}/`));
    }),
    { numRuns: 5000 },
  );
});
