import { type Json, objectOf, textOf } from "../json.js";

/** A value that a JSON schema allows, as small as that goes. Knows what agents ask for, not all of JSON Schema. */
export function exampleOf(schema: Json, text: string): unknown {
  const options = [schema.const === undefined ? undefined : [schema.const], schema.enum].find(Array.isArray);
  if (options) return options[0];
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (choices) return exampleOf(objectOf(choices[0]), text);
  // Gemini writes types in capitals.
  const type = textOf(Array.isArray(schema.type) ? schema.type[0] : schema.type).toLowerCase();
  if (type === "string") return text;
  if (type === "integer" || type === "number") return typeof schema.minimum === "number" ? schema.minimum : 1;
  if (type === "boolean") return false;
  if (type === "array") return [];
  if (type === "null") return null;
  const properties = Object.entries(objectOf(schema.properties));
  return Object.fromEntries(properties.map(([name, each]) => [name, exampleOf(objectOf(each), text)]));
}
