import type { JsonObject } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A parser of a point in time, for commander: so long ago, as `90s`, `5m`, `2h` or `7d`, or a date in ISO 8601's form. */
export function timeOption(text: string): Timestamp {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const ms =
    ago === null
      ? Date.parse(/^\d{4}-\d\d/.test(text) ? text : "")
      : Date.now() - Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs];
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      "It takes a date, as 2026-01-31 or 2026-01-31T12:00Z, or how long ago, as 2h or 7d.",
    );
  }
  return timestampFromMs(ms);
}

/** A parser of a whole number within bounds, for commander. */
export const numberOption =
  ({ min, max }: { min: number; max: number }) =>
  (text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return value;
  };

/** Gathers an option that can be given more than once, for commander. */
export const repeated = (text: string, before: string[] = []): string[] => [...before, text];

/** A parser of a JSON object, for commander. */
export function jsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  } catch {}
  throw new InvalidArgumentError("It takes a JSON object.");
}
