import { create, toBinary } from "@bufbuild/protobuf";
import {
  type Part,
  type PartDelta,
  PartDeltaSchema,
  type TranscriptMessage,
  TranscriptMessageSchema,
} from "@stratavore/proto";
import type { ChunkRow, MessageRow } from "../../store/index.js";
import { contentOf } from "../transcript/content.js";
import { applyDelta } from "../transcript/deltas.js";
import { readStored } from "./read-stored.js";
import { timestampOf } from "./time.js";
import { usageOf } from "./usage.js";

/** Parts are stored as a message that holds nothing else, so that one decoder reads them. */
export const storedParts = (parts: readonly Part[]): Uint8Array =>
  toBinary(TranscriptMessageSchema, create(TranscriptMessageSchema, { parts: [...parts] }));

export const partsOf = (stored: Uint8Array): Part[] => readStored(TranscriptMessageSchema, stored).parts;

export const deltaOf = (row: ChunkRow): PartDelta => readStored(PartDeltaSchema, row.chunk);

/** A message as it is now; of one in progress, its chunks tell the parts. */
export function transcriptMessage(row: MessageRow, chunks: readonly ChunkRow[] = []): TranscriptMessage {
  const parts = partsOf(row.parts);
  if (!row.complete) for (const chunk of chunks) applyDelta(parts, deltaOf(chunk));
  return create(TranscriptMessageSchema, {
    role: row.role,
    content: row.complete ? row.content : contentOf(parts),
    timestamp: timestampOf(row.createdAt),
    metadata: row.metadata,
    ordinal: row.ordinal,
    parts,
    turnId: row.turnId ?? "",
    usage: usageOf(row.usage),
    inProgress: !row.complete,
    completedAt: timestampOf(row.completedAt),
  });
}
