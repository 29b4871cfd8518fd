import { readFileSync } from "node:fs";

/** The published API reference, as Markdown. */
export const apiReference = readFileSync(
  new URL("../../../../docs/grpc-api-reference.md", import.meta.url),
  "utf8",
);

/** What the API reference names but does not define, as Markdown. */
export const completion = readFileSync(new URL("completion.md", import.meta.url), "utf8");
