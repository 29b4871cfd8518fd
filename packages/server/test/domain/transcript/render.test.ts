import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { PartSchema, ToolCallStatus, TranscriptMessageSchema } from "@stratavore/proto";
import { expect, test } from "vitest";
import { contentOf } from "../../../src/domain/transcript/content.js";
import { renderMarkdown, renderText } from "../../../src/domain/transcript/render.js";

type Kind = NonNullable<MessageInitShape<typeof PartSchema>["kind"]>;

const png = new Uint8Array([1, 2, 3]);
const said = (text: string) => create(PartSchema, { kind: { case: "text", value: text } });

/** Each kind of part, as text and as Markdown. */
const kinds: [kind: Kind, text: string, markdown: string][] = [
  [{ case: "text", value: "*Done.*" }, "*Done.*", "*Done.*"],
  [{ case: "thinking", value: "Hm.\nWell." }, "[thinking] Hm.\nWell.", "> Hm.\n> Well."],
  [
    {
      case: "toolCall",
      value: {
        id: "t1",
        title: "Read a.txt",
        name: "read",
        status: ToolCallStatus.COMPLETED,
        content: [
          said("one ``` two"),
          create(PartSchema, { kind: { case: "fileDiff", value: { path: "a" } } }),
        ],
      },
    },
    "[tool] Read a.txt: completed\none ``` two\n[diff] a",
    "````text\n[tool] Read a.txt: completed\none ``` two\n[diff] a\n````",
  ],
  [
    { case: "toolResult", value: { toolCallId: "t1", isError: true, content: [said("no such file")] } },
    "[tool result] failed\nno such file",
    "```text\n[tool result] failed\nno such file\n```",
  ],
  [
    {
      case: "plan",
      value: {
        entries: [
          { content: "look", status: "completed" },
          { content: "think", status: "in_progress" },
          { content: "act", status: "pending" },
        ],
      },
    },
    "[plan] [x] look\n[plan] [~] think\n[plan] [ ] act",
    "- [x] look\n- [ ] think\n- [ ] act",
  ],
  [
    { case: "fileDiff", value: { path: "src/a.ts", oldText: "one\ntwo\n", newText: "one\n2\n" } },
    "[diff] src/a.ts",
    "`src/a.ts`\n\n```diff\n-one\n-two\n+one\n+2\n```",
  ],
  [
    { case: "blob", value: { mimeType: "image/png", data: png, name: "shot.png" } },
    "[file] shot.png (3 bytes)",
    "```text\n[file] shot.png (3 bytes)\n```",
  ],
  [
    { case: "other", value: { odd: [1, "two"] } },
    '[other] {"odd":[1,"two"]}',
    '```text\n[other] {"odd":[1,"two"]}\n```',
  ],
];

function messageOf(...parts: Kind[]) {
  const made = parts.map((kind) => create(PartSchema, { kind }));
  const timestamp = timestampFromDate(new Date("2026-01-02T03:04:05.678Z"));
  return create(TranscriptMessageSchema, {
    role: "assistant",
    timestamp,
    parts: made,
    content: contentOf(made),
  });
}

test("every kind of part that there is, is here", () => {
  const all = PartSchema.oneofs[0]!.fields.map(({ localName }) => localName);
  expect(kinds.map(([kind]) => kind.case)).toEqual(all);
});

test.each(kinds)("a part %j as text and as Markdown", (kind, text, markdown) => {
  const message = messageOf(kind);
  expect(renderText([message])).toBe(`[2026-01-02 03:04:05] assistant:\n${text}\n`);
  expect(renderMarkdown([message])).toBe(`## assistant (2026-01-02 03:04:05)\n\n${markdown}\n`);
});

test("parts stand apart, and so do messages", () => {
  const messages = [messageOf(kinds[0]![0], kinds[1]![0]), messageOf(kinds[0]![0])];
  const head = "[2026-01-02 03:04:05] assistant:";
  expect(renderText(messages)).toBe(`${head}\n*Done.*\n\n[thinking] Hm.\nWell.\n\n${head}\n*Done.*\n`);
  expect(renderMarkdown(messages).split("\n\n")).toHaveLength(5);
});

test("what is new, unnamed or not known has its form, too", () => {
  const newFile = messageOf({ case: "fileDiff", value: { path: "a`b``.txt", newText: "x" } });
  expect(renderMarkdown([newFile])).toContain("\n\n``` a`b``.txt ```\n\n```diff\n+x\n```\n");
  const unnamed = messageOf({ case: "toolCall", value: { id: "t9", status: 99 as ToolCallStatus } });
  expect(renderText([unnamed])).toContain("[tool] t9: unspecified");
  const linked = messageOf({ case: "blob", value: { mimeType: "text/plain", uri: "file:///a" } });
  expect(renderText([linked])).toContain("[file] file:///a (0 bytes)");
  expect(renderMarkdown([create(TranscriptMessageSchema, { role: "user", content: "plain" })])).toBe(
    "## user ()\n\nplain\n",
  );
});

test("text full of backticks is fenced as any other", () => {
  const text = "` ".repeat(300_000);
  const message = messageOf({ case: "toolResult", value: { content: [said(text)] } });
  expect(renderMarkdown([message])).toContain(`\`\`\`text\n[tool result]\n${text}\n\`\`\``);
});
