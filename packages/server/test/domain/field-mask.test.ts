import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { fieldsToChange } from "../../src/domain/field-mask.js";

const isSet = { name: true, note: false, tags: true };
const fieldsOf = (...paths: string[]) => [...fieldsToChange(create(FieldMaskSchema, { paths }), isSet)];

test("no mask, or one without paths, means what is set", () => {
  expect([...fieldsToChange(undefined, isSet)]).toEqual(["name", "tags"]);
  expect(fieldsOf()).toEqual(["name", "tags"]);
});

test("a mask means what it names, set or not, each once", () => {
  expect(fieldsOf("note")).toEqual(["note"]);
  expect(fieldsOf("note", "name", "note")).toEqual(["note", "name"]);
});

test("what is no field is named, and so are those that there are", () => {
  for (const path of ["other", "name.first", "", "*", "toString", "__proto__", "Name"]) {
    expect(() => fieldsOf("name", path), path).toThrow(
      `update_mask: "${path}" is no field that can be changed; there are name, note, tags`,
    );
  }
});
