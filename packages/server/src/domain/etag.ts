import { DomainError } from "./errors.js";

/**
 * Holds a change to the state that it is based on.
 *
 * @param asked the etag of the request; empty: whatever the state is
 * @throws DomainError aborted for an etag that is not the record's any more
 */
export function checkEtag(
  { kind, id, version }: { kind: "project" | "runner" | "session"; id: string; version: number },
  asked: string,
): void {
  const etag = String(version);
  if (asked === "" || asked === etag) return;
  throw new DomainError(
    "aborted",
    "ETAG_STALE",
    `${kind} "${id}" has changed since: its etag is "${etag}", not "${asked.slice(0, 40)}"; get it again and redo the change`,
    { details: { [kind]: id, etag } },
  );
}
