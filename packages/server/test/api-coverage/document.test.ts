import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentOf, howToWrite } from "./document.js";
import { promisedFields, promisedMethods, rpcsInReference } from "./promised-fields.js";
import { titleOf } from "./row.js";
import { suites } from "./suites.js";

const page = new URL("../../../../docs/api-coverage.md", import.meta.url);

test("every RPC of the reference is here, and takes something", () => {
  expect(promisedMethods.map(({ name }) => name).toSorted()).toEqual([...rpcsInReference].toSorted());
  expect(promisedMethods).toHaveLength(22);
  for (const { input } of promisedMethods) expect(promisedFields(input)).not.toEqual([]);
});

test("every field that is promised has a row, and every row a field", () => {
  const promised = promisedMethods.flatMap(({ name: rpc, input }) =>
    promisedFields(input).map((field) => titleOf({ rpc, field })),
  );
  const rows = Object.values(suites).flat().map(titleOf);
  expect(rows.toSorted()).toEqual(promised.toSorted());
});

test("each test file runs its own rows", () => {
  for (const file of Object.keys(suites)) {
    const text = readFileSync(new URL(file, import.meta.url), "utf8");
    expect(text).toContain(`testRows(suites["${file}"])`);
  }
});

test(`docs/api-coverage.md is up to date; if not: ${howToWrite}`, () => {
  const wanted = documentOf(suites);
  if (process.env.UPDATE_DOCS === "1") writeFileSync(page, wanted);
  expect(readFileSync(page, "utf8")).toBe(wanted);
});
