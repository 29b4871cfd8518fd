import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type SearchTranscriptsRequest,
  type SearchTranscriptsResponse,
  SearchTranscriptsResponseSchema,
} from "@stratavore/proto";
import { invalidField } from "../domain/errors.js";
import { checkRole } from "../domain/transcript/append.js";
import { timestampOf } from "../domain/views/time.js";
import { hasSearchTerms } from "../store/index.js";
import { keyOf, limitOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";

interface SearchKey {
  score: number;
  id: number;
  until: number;
  walk: string;
}

const isSearchKey = (value: unknown): value is SearchKey =>
  typeof value === "object" &&
  value !== null &&
  "walk" in value &&
  typeof value.walk === "string" &&
  ["score", "id", "until"].every((name) => typeof (value as Record<string, unknown>)[name] === "number");

/** Messages by their words, best first. */
export function searchTranscripts(
  { store }: Services,
  request: SearchTranscriptsRequest,
): SearchTranscriptsResponse {
  const { query, projectName, sessionId, role, after, before, limit, pageToken } = request;
  if (role !== "") checkRole("role", role);
  if (!hasSearchTerms(query)) {
    throw invalidField(
      "query",
      "it has no letter or digit to look for; give words, or the beginning of one with a *",
    );
  }
  const { rows, next } = store.read.messages.search({
    query,
    projectName: projectName || undefined,
    sessionId: sessionId || undefined,
    role: role || undefined,
    after: after && Math.ceil(timestampMs(after)),
    before: before && Math.ceil(timestampMs(before)),
    limit: limitOf(limit),
    afterKey: keyOf(pageToken, isSearchKey),
  });
  return create(SearchTranscriptsResponseSchema, {
    hits: rows.map(({ createdAt, ...hit }) => ({ ...hit, timestamp: timestampOf(createdAt) })),
    nextPageToken: next === undefined ? "" : tokenOf(next),
  });
}
