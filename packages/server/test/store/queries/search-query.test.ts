import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { matchExpression } from "../../../src/store/queries/search-query.js";

test.each([
  ["two words", 'content : ("two" "words")'],
  ['"side by side" too', 'content : ("side by side" "too")'],
  ["begin* mid*dle **both**", 'content : ("begin"* "mid*dle" "**both"*)'],
  ['"a phrase beg"* x', 'content : ("a phrase beg"* "x")'],
  ['an "open end', 'content : ("an" "open end")'],
  ['wor"d d"y', 'content : ("wor" "d d" "y")'],
  ["a AND NOT b OR NEAR(c)", 'content : ("a" "AND" "NOT" "b" "OR" "NEAR(c)")'],
  ["col:x ^y -z", 'content : ("col:x" "^y" "-z")'],
  ["a\0b", 'content : ("a" "b")'],
])("%j becomes %s", (typed, expression) => {
  expect(matchExpression(typed)).toBe(expression);
});

test.each(["", " \n", "*", '""', '"', '"*', "--- ** ()", "\0", "«»"])(
  "%j holds nothing to search for",
  (typed) => {
    expect(matchExpression(typed)).toBeUndefined();
    expect(matchExpression(typed, { projectName: "p" })).toBeUndefined();
  },
);

test("a scope confines, and cannot be broken out of", () => {
  expect(matchExpression("a", { projectName: "p", sessionId: "s", role: '"' })).toBe(
    'scope : ("p70" "s73" "r22") AND content : ("a")',
  );
});

test("whatever is typed, it is well-formed, and never finds what is outside its scope", () => {
  const raw = new Database(":memory:");
  raw.exec("CREATE VIRTUAL TABLE t USING fts5(scope, content)");
  const add = raw.prepare("INSERT INTO t VALUES (?, ?)");
  add.run("p61", 'a b "c" a* AND OR NOT NEAR content scope p62 é 東京 1');
  add.run("p62", "");
  const find = raw.prepare<[string], string>("SELECT scope FROM t WHERE t MATCH ?").pluck();
  // Whole code points of every plane, lone surrogates, and what means something to FTS5, in any mix.
  const pieces = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
    fc.constantFrom(
      '"',
      '""',
      "*",
      "AND",
      "OR",
      "NOT",
      "NEAR(",
      ")",
      "(",
      "{scope}",
      ":",
      "-",
      "^",
      "+",
      ",",
      "\0",
      " ",
      "a",
    ),
  );
  const typed = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(""));
  const scope = fc.option(fc.oneof(fc.constant("b"), typed), { nil: undefined });
  fc.assert(
    fc.property(typed, scope, (query, projectName) => {
      const expression = matchExpression(query, { projectName });
      if (expression === undefined) return;
      const found = find.all(expression);
      expect(found).not.toContain("p62");
      if (projectName !== undefined && projectName !== "a") expect(found).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  raw.close();
});

test("many words and long phrases are no error", () => {
  const raw = new Database(":memory:");
  raw.exec("CREATE VIRTUAL TABLE t USING fts5(scope, content)");
  const find = raw.prepare("SELECT 1 FROM t WHERE t MATCH ?");
  const words = "word* ".repeat(5000);
  for (const typed of [words, `"${words}"`, '"'.repeat(5001), "(".repeat(5000), `${"x".repeat(100_000)}*`]) {
    const expression = matchExpression(typed);
    if (expression !== undefined) expect(find.all(expression)).toEqual([]);
  }
  raw.close();
});
