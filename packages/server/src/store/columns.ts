import { customType } from "drizzle-orm/sqlite-core";

// A bound null reaches `toDriver` when a placeholder carries it, whatever the declared type says.
const orNull = <In, Out>(map: (value: In) => Out) => {
  return (value: In): Out => (value === null ? (null as Out) : map(value));
};

/** INTEGER as a number. Reads statements of either width; values stay below 2^53. */
export const int = customType<{ data: number; driverData: number | bigint }>({
  dataType: () => "integer",
  fromDriver: (value) => Number(value),
});

/** INTEGER as a bigint over the whole int64 range. Readable by wide statements only. */
export const int64 = customType<{ data: bigint; driverData: number | bigint }>({
  dataType: () => "integer",
  fromDriver: (value) => {
    if (typeof value !== "bigint") throw new TypeError("an int64 column was read by a narrow statement");
    return value;
  },
});

/** INTEGER 0 or 1 as a boolean. */
export const flag = customType<{ data: boolean; driverData: number | bigint }>({
  dataType: () => "integer",
  toDriver: orNull((value) => (value ? 1 : 0)),
  fromDriver: (value) => Number(value) !== 0,
});

/** BLOB as bytes. What comes back is a Buffer, which is a Uint8Array. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "blob",
});

/** TEXT that holds JSON. */
export const json = <T>(name: string) =>
  customType<{ data: T; driverData: string }>({
    dataType: () => "text",
    toDriver: orNull((value) => JSON.stringify(value)),
    fromDriver: (value) => JSON.parse(value) as T,
  })(name);

/** INTEGER milliseconds since the Unix epoch, UTC; now, if an insert leaves it out. */
export const createdNow = (name: string) =>
  int(name)
    .notNull()
    .$defaultFn(() => Date.now());
