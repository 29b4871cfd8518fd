/** A JSON object whose fields nobody has checked. */
export type Json = Readonly<Record<string, unknown>>;

/** The value if it is an object, else an empty one. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The objects of an array; none if it is no array. */
export function objectsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** The value if it is text, else an empty text. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value if it is a number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The text of blocks `{ text }`, of the wanted types if they have one, or of a plain text. */
export function textOfBlocks(content: unknown, types: readonly string[]): string {
  if (typeof content === "string") return content;
  return objectsOf(content)
    .filter(
      ({ type, text }) => typeof text === "string" && (type === undefined || types.includes(textOf(type))),
    )
    .map(({ text }) => textOf(text))
    .join("\n");
}

/** A JSON schema that a request may carry. */
export function schemaOf(value: unknown): Json | undefined {
  return value === undefined || value === null ? undefined : objectOf(value);
}
