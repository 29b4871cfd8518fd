import { timingSafeEqual } from "node:crypto";

/** Decides whether a bearer token proves the caller. */
export interface Credential {
  matches(token: string): boolean;
}

/** What was wrong with a request's `authorization` header. */
export type CredentialProblem = "missing" | "malformed" | "wrong";

/** A credential that is one secret token, compared in a time that does not depend on what was guessed. */
export function bearerCredential(token: string): Credential {
  const expected = Buffer.from(token);
  return {
    matches(given) {
      const bytes = Buffer.from(given);
      return bytes.length === expected.length && timingSafeEqual(bytes, expected);
    },
  };
}

/** Checks `authorization: Bearer TOKEN`; nothing is wrong when nothing is returned. */
export function credentialProblem(
  header: string | undefined,
  credential: Credential,
): CredentialProblem | undefined {
  if (header === undefined) return "missing";
  const token = /^bearer +([^\s]+)$/i.exec(header)?.[1];
  if (token === undefined) return "malformed";
  return credential.matches(token) ? undefined : "wrong";
}
