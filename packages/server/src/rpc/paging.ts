import { invalidField } from "../domain/errors.js";

const defaultLimit = 50;
const maxLimit = 1000;

/** A page size as asked for: 0 is 50, and more than 1000 is 1000. */
export const limitOf = (asked: number): number => (asked === 0 ? defaultLimit : Math.min(asked, maxLimit));

/** An opaque token for the key that a page ended with. */
export const tokenOf = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString("base64url");

/** @throws DomainError invalid_argument for a token that no page ended with */
export function keyOf<Key>(token: string, isKey: (value: unknown) => value is Key): Key | undefined {
  if (token === "") return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (isKey(value)) return value;
  } catch {
    // Not JSON: refused below like any other text that is no token.
  }
  throw invalidField("page_token", "this is no page token; use next_page_token of the page before");
}

export const isName = (value: unknown): value is string => typeof value === "string";

export const isRowKey = (value: unknown): value is { createdAt: number; id: string } =>
  typeof value === "object" &&
  value !== null &&
  "createdAt" in value &&
  typeof value.createdAt === "number" &&
  "id" in value &&
  typeof value.id === "string";
