import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { ApprovalRuleSchema, PermissionMode, ToolCallSchema } from "@stratavore/proto";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { firstMatch } from "../../../src/domain/approval-policy/decide.js";
import { askedCall } from "../../../src/supervise/approvals/asked-call.js";

const root = mkdtempSync(join(tmpdir(), "asked-call-"));
const project = join(root, "project");
const outside = join(root, "outside");
mkdirSync(join(project, "src", "deep"), { recursive: true });
mkdirSync(join(outside, "below"), { recursive: true });
writeFileSync(join(project, "src", "a.ts"), "");
writeFileSync(join(outside, "key"), "");
symlinkSync(outside, join(project, "out"));
symlinkSync(join(outside, "below"), join(project, "src", "below"));
symlinkSync(join(outside, "not-yet"), join(project, "dangling"));
symlinkSync(join(project, "src"), join(project, "in"));
symlinkSync("loop", join(project, "loop"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const { ALLOW, DENY } = PermissionMode;
interface Call {
  kind?: string;
  name?: string;
  title?: string;
  locations?: string[];
  input?: JsonValue;
}

const asked = ({ kind = "edit", name = "", title = "", locations = [], input }: Call) =>
  askedCall(
    create(ToolCallSchema, {
      toolKind: kind,
      name,
      title,
      locations,
      ...(input !== undefined && { input: fromJson(ValueSchema, input) }),
    }),
    project,
    outside,
  );

const isMet = (mode: PermissionMode, rule: { tool?: string; path?: string; command?: string }, call: Call) =>
  firstMatch([create(ApprovalRuleSchema, { ...rule, mode })], asked(call)) !== undefined;

const edits = (...paths: string[]) => ({ input: { edits: paths.map((file_path) => ({ file_path })) } });

const covered: [string, Parameters<typeof isMet>[1], Call, boolean][] = [
  ["a file", { path: "src/*" }, edits("src/a.ts"), true],
  ["an absolute one", { path: "src/*" }, edits(join(project, "src/a.ts")), true],
  ["a URI", { path: "src/*" }, edits(`file://${project}/src/a.ts`), true],
  ["a new one", { path: "src/**" }, edits("src/new/b.ts"), true],
  ["with its line", { path: "src/a.ts" }, { locations: [`${project}/src/a.ts:12`] }, true],
  ["through a link in the project", { path: "src/a.ts" }, edits("in/a.ts"), true],
  ["a link, by its own name", { path: "in/**" }, edits("in/a.ts"), false],
  ["one of two", { path: "src/*" }, edits("src/a.ts", "README.md"), false],
  ["a step up", { path: "**" }, edits("src/../README.md"), false],
  ["out by a step up", { path: "**" }, edits("../outside/key"), false],
  ["out by a link", { path: "**" }, edits("out/key"), false],
  ["out by a link that leads nowhere yet", { path: "**" }, edits("dangling"), false],
  ["a loop", { path: "**" }, edits("loop/x"), false],
  ["home", { path: "**" }, edits("~/key"), false],
  ["of a URI of another kind", { path: "**" }, edits("remote://src/a.ts"), false],
  ["under a name that nobody knows", { path: "**" }, { input: { path: "src/a.ts", extra: "/etc/x" } }, false],
  ["keys that are paths", { path: "src/*" }, { input: { changes: { "README.md": {} } } }, false],
  ["in a patch", { path: "src/*" }, { input: { patch: "*** Update File: README.md\n" } }, false],
  [
    "text that looks like a path",
    { path: "src/*" },
    { input: { path: "src/a.ts", old_string: "// x" } },
    true,
  ],
  ["nothing named", { path: "**" }, { input: {} }, false],
  ["in another folder", { path: "**" }, { input: { path: "key", cwd: outside } }, false],
  ["a command that names a file", { path: "src/*" }, { kind: "execute", ...edits("src/a.ts") }, false],
  [
    "code that runs with a file",
    { path: "src/*" },
    { kind: "other", input: { code: "x()", file: "src/a.ts" } },
    false,
  ],
  ["by kind", { tool: "edit" }, edits("/etc/passwd"), true],
  ["by name", { tool: "mcp__*" }, { name: "mcp__db__query" }, true],
  ["by another name", { tool: "read" }, edits("src/a.ts"), false],
  ["a command", { command: "npm *" }, { kind: "execute", input: { command: "npm test" } }, true],
  ["words", { command: "npm *" }, { kind: "execute", input: { command: ["npm", "test"] } }, true],
  [
    "a shell's",
    { command: "npm test" },
    { kind: "execute", input: { command: ["sh", "-c", "npm test"] } },
    true,
  ],
  [
    "program and words",
    { command: "npm test" },
    { kind: "execute", input: { command: "npm", args: ["test"] } },
    true,
  ],
  ["more words", { command: "npm" }, { kind: "execute", input: { command: "npm", args: ["test"] } }, false],
  ["two", { command: "npm *" }, { kind: "execute", input: { commands: ["npm test", "npm ci"] } }, true],
  ["one of two", { command: "npm *" }, { kind: "execute", input: { commands: ["npm test", "rm x"] } }, false],
  ["elsewhere", { command: "npm *" }, { kind: "execute", input: { command: "npm test", cwd: "/" } }, false],
  ["compound", { command: "npm *" }, { kind: "execute", input: { command: "npm test && rm x" } }, false],
  ["none", { command: "*" }, { kind: "execute", title: "npm test" }, false],
];

test.each(covered)("ALLOW: %s", (_, rule, call, is) => {
  expect(isMet(ALLOW, rule, call)).toBe(is);
});

const touched: [string, Parameters<typeof isMet>[1], Call, boolean][] = [
  ["one of two", { path: "src/*" }, edits("README.md", "src/a.ts"), true],
  ["by a step up", { path: "src/*" }, edits("x/../src/a.ts"), true],
  ["by a link", { path: "src/*" }, edits("in/a.ts"), true],
  ["a link itself", { path: "out/**" }, edits("out/key"), true],
  ["where a link leads", { path: `${realpathSync(root)}/outside/**` }, edits("out/key"), true],
  ["outside", { path: "/etc/**" }, edits("../../../../../../../etc/passwd"), true],
  ["home", { path: `${outside}/**` }, edits("~/key"), true],
  ["in other letters", { path: "src/*" }, edits("SRC/A.TS"), true],
  ["under a name that nobody knows", { path: "/etc/**" }, { input: { extra: "/etc/x" } }, true],
  ["another", { path: "src/*" }, edits("README.md"), false],
  ["nothing named", { path: "**" }, { input: {} }, false],
  ["in a title", { command: "rm *" }, { kind: "execute", title: "`rm -r x`" }, true],
  [
    "in words",
    { command: "rm *" },
    { kind: "execute", input: { command: ["bash", "-lc", "ls; rm -r x"] } },
    true,
  ],
  ["another command", { command: "rm *" }, { kind: "execute", input: { command: "ls" } }, false],
  ["more than can be looked at", { path: "src/*" }, edits(...Array(600).fill("x")), true],
];

test.each(touched)("DENY: %s", (_, rule, call, is) => {
  expect(isMet(DENY, rule, call)).toBe(is);
});

test("more than can be looked at is not allowed", () => {
  expect(isMet(ALLOW, { path: "**" }, edits(...Array(600).fill("src/a.ts")))).toBe(false);
});

test("the first match decides", () => {
  const rule = (path: string, mode: PermissionMode) => create(ApprovalRuleSchema, { path, mode });
  const rules = [rule("src/a.ts", DENY), rule("src/**", ALLOW), rule("**", DENY)];
  const at = (path: string) => firstMatch(rules, asked(edits(path)))?.index;
  expect(["src/a.ts", "src/b.ts", "README.md"].map(at)).toEqual([0, 1, 2]);
});

const listing = () => readdirSync(outside, { recursive: true, encoding: "utf8" }).sort();

test("what is allowed is never written outside of the project", () => {
  const before = listing();
  const name = fc.constantFrom(
    "src",
    "deep",
    "out",
    "below",
    "in",
    "..",
    ".",
    "",
    "dangling",
    "new",
    "~",
    "a.ts:3",
  );
  const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));
  const given = fc.oneof(
    path,
    path.map((each) => `${project}/${each}`),
    path.map((each) => `file://${project}/${each}`),
  );
  let allowed = 0;
  fc.assert(
    fc.property(given, fc.boolean(), (each, isLocation) => {
      const call = isLocation ? { locations: [each] } : edits(each);
      if (!isMet(ALLOW, { path: "**" }, call)) return;
      allowed++;
      try {
        // What writes makes the folders that it needs.
        const file = resolve(project, each.replace(/^file:\/\//, ""));
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(file, "written");
      } catch {}
      expect(listing()).toEqual(before);
    }),
    { numRuns: 2000 },
  );
  expect(allowed).toBeGreaterThan(100);
});
