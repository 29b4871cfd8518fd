import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { CreateBackupRequest, CreateBackupResponseSchema } from "@stratavore/proto";
import { eventId } from "../../domain/events.js";
import { checkBackupPath } from "../../supervise/backup-path.js";
import type { Services } from "../services.js";

/** Writes a copy of the store; a caller that leaves ends it, and nothing of it stays. */
export async function createBackup(
  { store, dataDir, closing, log }: Services,
  request: CreateBackupRequest,
  { signal }: HandlerContext,
): Promise<MessageInitShape<typeof CreateBackupResponseSchema>> {
  const path = await checkBackupPath(request.path, dataDir);
  const { sizeBytes, head } = await store.backup(path, AbortSignal.any([signal, closing]));
  log.info({ path, sizeBytes }, "a backup was written");
  return { path, sizeBytes: BigInt(sizeBytes), asOfEventId: eventId(store.epoch, head) };
}
