import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { CreateBackupRequest, CreateBackupResponseSchema } from "@stratavore/proto";
import { failedPrecondition } from "../../domain/errors.js";
import { eventId } from "../../domain/events.js";
import { StoreError } from "../../store/index.js";
import { checkBackupPath } from "../../supervise/backup-path.js";
import type { Services } from "../services.js";

/** Writes a copy of the store; a caller that leaves ends it, and nothing of it stays. */
export async function createBackup(
  { store, dataDir, closing, log }: Services,
  request: CreateBackupRequest,
  { signal }: HandlerContext,
): Promise<MessageInitShape<typeof CreateBackupResponseSchema>> {
  const path = await checkBackupPath(request.path, dataDir);
  const { sizeBytes, head } = await store.backup(path, AbortSignal.any([signal, closing])).catch((error) => {
    throw isOfPath(error) ? failedPrecondition("BACKUP_PATH", error.message, { path }) : error;
  });
  log.info({ path, sizeBytes }, "a backup was written");
  return { path, sizeBytes: BigInt(sizeBytes), asOfEventId: eventId(store.epoch, head) };
}

/** What no later try would mend, unlike other faults of a disk. */
const ofPath: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS", "ENOENT", "ENAMETOOLONG"]);

const isOfPath = (error: unknown): error is StoreError =>
  error instanceof StoreError && ofPath.has((error.cause as NodeJS.ErrnoException | undefined)?.code);
