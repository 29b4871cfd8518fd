import { expect, test } from "vitest";
import { directiveList } from "../../src/directives/catalogue.js";
import { DirectiveError, parsePrompt } from "../../src/directives/parse.js";
import { directive } from "../../src/directives/write.js";

test("takes directives and other lines apart", () => {
  expect(parsePrompt("Please\n!chunks 3 5\r\n!say a  b \nthank you")).toEqual({
    directives: [
      { name: "chunks", args: { count: 3, delayMs: 5 } },
      { name: "say", args: { text: "a  b" } },
    ],
    rest: "Please\nthank you",
  });
});

test("leaves out what is optional", () => {
  expect(parsePrompt("!chunks 3\n!crash\n!double-fork 5 clean").directives.map(({ args }) => args)).toEqual([
    { count: 3 },
    {},
    { seconds: 5, environment: "clean" },
  ]);
});

test.each([
  ["!nonsense", "line 1: unknown directive !nonsense; known are !say !echo"],
  ["!constructor", "line 1: unknown directive !constructor"],
  ["!", "line 1: unknown directive !;"],
  ["hello\n!chunks", "line 2: !chunks needs count; usage: !chunks count [delayMs]"],
  ["!chunks many", '!chunks takes an integer from 0 to 9007199254740991 as count, not "many"'],
  ["!chunks 1.5", "as count"],
  ["!chunks -1", "as count"],
  ["!chunks 1e3", "as count"],
  ["!chunks 99999999999999999999", "as count"],
  ["!crash 256", "from 0 to 255 as code"],
  ["!hang now", '!hang does not take "now"; usage: !hang'],
  [
    "!stop because",
    '!stop takes end_turn or max_tokens or max_turn_requests or refusal as reason, not "because"',
  ],
  ["!usage 1", "!usage needs output"],
])("refuses %j", (text, message) => {
  expect(() => parsePrompt(text)).toThrow(DirectiveError);
  expect(() => parsePrompt(text)).toThrow(message);
});

test("writes what it reads", () => {
  expect(directive("chunks", { count: 3, delayMs: 0 })).toBe("!chunks 3 0");
  expect(directive("hang", {})).toBe("!hang");
  expect(directive("error", { code: -32000, message: "log in first" })).toBe("!error -32000 log in first");
});

test("refuses to write what would be read as something else", () => {
  expect(() => directive("say", { text: "two\nlines" })).toThrow("cannot carry this text");
  expect(() => directive("say", { text: "" })).toThrow("needs text");
  expect(() => directive("double-fork", { environment: "clean" })).toThrow(DirectiveError);
  expect(() => directive("wait", { file: " leading" })).toThrow("cannot carry this file");
});

test("describes every directive", () => {
  expect(directiveList.find(({ name }) => name === "chunks")?.usage).toBe("!chunks count [delayMs]");
  for (const { description } of directiveList) expect(description).toMatch(/^[A-Z].+\.$/);
});
