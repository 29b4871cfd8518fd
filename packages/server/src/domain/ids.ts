import { typeid } from "typeid-js";

/** A new id, `<kind>_<26 characters>`; ids of a kind sort by the time they were made. */
export const newId = (kind: "project" | "runner" | "session" | "turn" | "approval"): string =>
  typeid(kind).toString();
