import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { directiveList } from "../src/directives/catalogue.js";
import { modelDirectiveList } from "../src/model-api/answer/write.js";

const path = fileURLToPath(new URL("../README.md", import.meta.url));
const readme = readFileSync(path, "utf8");

test.each([
  ["The agent", "chunk 1\nchunk 2\nchunk 3\n\n"],
  ["The model API", "Hello.\n20\n"],
])("the README's example of %s runs", async (title, output) => {
  const section = readme.split(/^## /m).find((each) => each.startsWith(title));
  const code = /```js\n(.*?)```/s.exec(section ?? "")?.[1] ?? "";
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: dirname(path),
  });
  expect((await run).stdout).toBe(output);
});

test.each([
  ["directives", directiveList],
  ["model directives", modelDirectiveList],
])("the README's table is the list of %s", (name, list) => {
  const rows = list.map(({ usage, description }) => `| \`${usage}\` | ${description} |`);
  const table = ["| directive | what happens |", "| --- | --- |", ...rows].join("\n");
  const written = new RegExp(`<!-- ${name} -->\\n\\n?(.*?)\\n?\\n?<!-- /${name} -->`, "s").exec(readme)?.[1];
  expect(written).toBe(table);
});
