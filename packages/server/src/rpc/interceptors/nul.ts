import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";

type Values = Record<string, unknown>;

/**
 * The path of a string with a NUL byte in it, in proto names; undefined if there is none. No program takes one in an
 * argument or a path, and SQL's functions end a text at it.
 */
export function nulIn(schema: DescMessage, message: Message): string | undefined {
  for (const field of schema.fields) {
    const found = inField(field, valueIn(field, message as unknown as Values));
    if (found !== undefined) return found === "" ? field.name : `${field.name}.${found}`;
  }
  return undefined;
}

function valueIn(field: DescField, message: Values): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const group = message[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return group?.case === field.localName ? group.value : undefined;
}

/** Where in the field, below its own name. */
function inField(field: DescField, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (field.fieldKind === "list") {
    return firstOf((value as unknown[]).map((each, index) => [String(index), inValue(field, each)]));
  }
  if (field.fieldKind === "map") {
    return firstOf(
      Object.entries(value as Values).map(([key, each]) => [
        JSON.stringify(key),
        key.includes("\0") ? "" : inValue(field, each),
      ]),
    );
  }
  return inValue(field, value);
}

function inValue(field: DescField, value: unknown): string | undefined {
  if (field.message !== undefined) {
    // Some well-known types are plain JSON here; they hold what agents see as JSON, where a NUL is harmless.
    const isMessage = typeof value === "object" && value !== null && "$typeName" in value;
    return isMessage ? nulIn(field.message, value as Message) : undefined;
  }
  return field.scalar === ScalarType.STRING && (value as string).includes("\0") ? "" : undefined;
}

function firstOf(found: (readonly [string, string | undefined])[]): string | undefined {
  const [key, rest] = found.find(([, where]) => where !== undefined) ?? [];
  return rest === undefined ? undefined : rest === "" ? key : `${key}.${rest}`;
}
