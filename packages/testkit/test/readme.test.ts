import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { directiveList } from "../src/directives/catalogue.js";

const path = fileURLToPath(new URL("../README.md", import.meta.url));
const readme = readFileSync(path, "utf8");

test("the README's example runs", async () => {
  const code = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: dirname(path),
  });
  expect((await run).stdout).toBe("chunk 1\nchunk 2\nchunk 3\n\n");
});

test("the README's table is the list of directives", () => {
  const rows = directiveList.map(({ usage, description }) => `| \`${usage}\` | ${description} |`);
  const table = ["| directive | what happens |", "| --- | --- |", ...rows].join("\n");
  const written = /<!-- directives -->\n\n?(.*?)\n?\n?<!-- \/directives -->/s.exec(readme)?.[1];
  expect(written).toBe(table);
});
