import { timestampFromMs } from "@bufbuild/protobuf/wkt";

/** A stored time in milliseconds as a Timestamp; nothing for what has not happened. */
export const timestampOf = (ms: number | null) => (ms === null ? undefined : timestampFromMs(ms));
