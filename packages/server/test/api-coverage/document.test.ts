import { readFileSync, writeFileSync } from "node:fs";
import type { DescMethod } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { documentOf, howToWrite } from "./document.js";
import {
  ownFields,
  ownMethods,
  promisedFields,
  promisedMethods,
  rpcsInReference,
} from "./promised-fields.js";
import { titleOf } from "./row.js";
import { suites } from "./suites.js";

const page = new URL("../../../../docs/api-coverage.md", import.meta.url);

test("every RPC of the reference is here, and takes something", () => {
  expect(promisedMethods.map(({ name }) => name).toSorted()).toEqual([...rpcsInReference].toSorted());
  expect(promisedMethods).toHaveLength(22);
  for (const { input } of promisedMethods) expect(promisedFields(input)).not.toEqual([]);
});

const titles = (methods: readonly DescMethod[], fieldsOf: (method: DescMethod) => string[]) =>
  methods.flatMap((method) => fieldsOf(method).map((field) => titleOf({ rpc: method.name, field })));

test("every field has a row, and every row a field", () => {
  const promised = titles(promisedMethods, ({ input }) => promisedFields(input));
  const ours = titles([...promisedMethods, ...ownMethods], ownFields);
  const rows = Object.values(suites).flat().map(titleOf);
  expect(rows.toSorted()).toEqual([...promised, ...ours].toSorted());
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
