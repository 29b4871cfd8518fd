import { create } from "@bufbuild/protobuf";
import {
  type CreateSessionRequest,
  type CreateSessionResponse,
  CreateSessionResponseSchema,
} from "@stratavore/proto";
import { openExternalSession } from "../domain/external-runners.js";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { sessionMessage } from "../domain/views/session.js";
import type { Services } from "./services.js";

/** Opens a session on an external runner: a record, which its owner fills. */
export async function createExternalSession(
  { store }: Services,
  { runnerId, model, metadata }: CreateSessionRequest,
  repeat: RepeatableRequest | undefined,
): Promise<CreateSessionResponse> {
  const { answer } = await store.transaction((tx) =>
    once(tx, repeat, CreateSessionResponseSchema, () => {
      const input = { model: model || runnerById(tx, runnerId).model, metadata, title: "" };
      const session = openExternalSession(tx, runnerId, input);
      return {
        answer: create(CreateSessionResponseSchema, { session: sessionMessage(session) }),
        effect: undefined,
      };
    }),
  );
  return answer;
}
