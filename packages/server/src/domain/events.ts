import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { EventType, type RunnerEvent, RunnerEventSchema } from "@stratavore/proto";
import type { EventRow, RunnerRow, SessionRow, Transaction } from "../store/index.js";
import { DomainError, invalidField } from "./errors.js";
import { timestampOf } from "./views/time.js";

/** What an event is about; the runner's labels go with it. */
export interface EventSubject {
  runner?: RunnerRow;
  session?: Pick<SessionRow, "id" | "projectName" | "projectUid" | "runnerId">;
  project?: { name: string; uid: string };
}

/** Records an event in the transaction that makes it true. */
export function recordEvent<Desc extends DescMessage>(
  tx: Transaction,
  type: EventType,
  subject: EventSubject,
  schema: Desc,
  payload: MessageInitShape<Desc>,
): bigint {
  const { runner, session, project } = subject;
  const message = create(schema, payload) as MessageShape<Desc>;
  return tx.events.append({
    type,
    runnerId: runner?.id ?? session?.runnerId ?? "",
    projectName: runner?.projectName ?? session?.projectName ?? project?.name ?? "",
    projectUid: runner?.projectUid ?? session?.projectUid ?? project?.uid ?? "",
    sessionId: session?.id ?? "",
    payloadType: schema.typeName,
    payload: toBinary(schema, message),
    metadata: runner?.metadata ?? {},
  });
}

/** What a stream gets that names no types: what happens to runners, heartbeats excepted. */
export const defaultEventTypes: readonly EventType[] = [
  EventType.RUNNER_STARTED,
  EventType.RUNNER_STOPPED,
  EventType.RUNNER_FAILED,
  EventType.RUNNER_CREATED,
  EventType.RUNNER_UPDATED,
  EventType.RUNNER_PAUSED,
  EventType.RUNNER_RESUMED,
  EventType.RUNNER_RESTARTED,
  EventType.RUNNER_DELETED,
  EventType.RUNNER_ADOPTED,
];

export const eventId = (epoch: string, seq: bigint): string => `${epoch}-${seq}`;

/**
 * The position that an event id names.
 *
 * @throws DomainError invalid_argument for what is no event id, out_of_range for one that this log cannot go on from
 */
export function positionOf(id: string, log: { epoch: string; head: bigint; floor: bigint }): bigint {
  const match = /^([A-Za-z0-9_]{1,64})-(\d{1,18})$/.exec(id);
  if (match === null) throw invalidField("after_event_id", `"${id.slice(0, 40)}" is no event id`);
  const [, epoch, digits] = match;
  const seq = BigInt(digits!);
  const oldest = eventId(log.epoch, log.floor);
  if (epoch !== log.epoch) {
    throw outOfRange(`event ${id} is of another log, as after a restored backup`, id, oldest);
  }
  if (seq > log.head) throw outOfRange(`event ${id} has not happened yet`, id, oldest);
  if (seq < log.floor) throw outOfRange(`the events after ${id} are no longer kept`, id, oldest);
  return seq;
}

const outOfRange = (what: string, id: string, oldest: string) =>
  new DomainError(
    "out_of_range",
    "EVENT_POSITION",
    `${what}; start again with from_start, or list what is there and go on from as_of_event_id`,
    { details: { after_event_id: id, oldest_event_id: oldest } },
  );

export function eventMessage(epoch: string, row: EventRow): RunnerEvent {
  return create(RunnerEventSchema, {
    eventId: eventId(epoch, row.seq),
    eventType: row.type,
    timestamp: timestampOf(row.createdAt),
    runnerId: row.runnerId,
    projectName: row.projectName,
    payload: { typeUrl: `type.googleapis.com/${row.payloadType}`, value: row.payload },
    metadata: row.metadata,
    projectUid: row.projectUid,
    sessionId: row.sessionId,
  });
}

/** A position and nothing else. */
export const bookmarkMessage = (epoch: string, seq: bigint): RunnerEvent =>
  create(RunnerEventSchema, {
    eventId: eventId(epoch, seq),
    eventType: EventType.BOOKMARK,
    timestamp: timestampOf(Date.now()),
  });
