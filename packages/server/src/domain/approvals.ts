import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import {
  type Approval,
  type ApprovalOption,
  ApprovalRequestedSchema,
  ApprovalResolvedSchema,
  ApprovalSchema,
  ApprovalState,
  EventType,
  RunnerActivity,
  type ToolCall,
} from "@stratavore/proto";
import type { ApprovalRow, Reads, SessionRow, Transaction } from "../store/index.js";
import { type Resolution, resolutionOf, storedResolution } from "./approval-resolution.js";
import { failedPrecondition, invalidField, notFound } from "./errors.js";
import { recordEvent } from "./events.js";
import { newId } from "./ids.js";
import { timestampOf } from "./views/time.js";

export interface Question {
  agentRequestId: string;
  turnId: string | null;
  toolCall: ToolCall;
  options: { id: string; name: string; kind: string }[];
  /** What only a person can answer, as a JSON schema. */
  question?: JsonObject | undefined;
  /** When it is rejected if nobody answers, in ms of the epoch. */
  deadline?: number | undefined;
}

/** Woken when an agent asks, or has its answer. */
export const approvalsTopic = "approvals";

/** Records a question of an agent; the runner waits for its answer. */
export function requestApproval(tx: Transaction, session: SessionRow, question: Question): ApprovalRow {
  const { toolCall, options, question: schema } = question;
  const row = tx.approvals.insert({
    id: newId("approval"),
    sessionId: session.id,
    runnerId: session.runnerId,
    turnId: question.turnId,
    projectName: session.projectName,
    state: ApprovalState.PENDING,
    agentRequestId: question.agentRequestId,
    request: toBinary(ApprovalSchema, create(ApprovalSchema, { toolCall, options, question: schema })),
    deadline: question.deadline ?? null,
  });
  const asking = tx.runners.byId(session.runnerId);
  const activity = waitFor(row);
  const runner = asking?.sessionId === session.id ? tx.runners.update(asking.id, { activity }) : asking;
  recordEvent(tx, EventType.APPROVAL_REQUESTED, { runner, session }, ApprovalRequestedSchema, {
    approval: approvalMessage(row),
  });
  tx.wake(`session:${session.id}`);
  tx.wake(approvalsTopic);
  return row;
}

export type ApprovalAnswer = { optionId: string } | { allow: boolean };

/**
 * The option that an answer means; `always`: one that the agent remembers for the rest of its session.
 *
 * @throws DomainError invalid_argument for an option the agent does not offer, failed_precondition when it offers none
 */
export function chosenOption(row: ApprovalRow, answer: ApprovalAnswer, always = false): ApprovalOption {
  const { options } = fromBinary(ApprovalSchema, row.request);
  if ("optionId" in answer) {
    const option = options.find(({ id }) => id === answer.optionId);
    if (option !== undefined && always && !option.kind.endsWith("_always")) {
      throw invalidField("remember", `the option "${option.id}" is ${option.kind}: it holds this once`);
    }
    if (option !== undefined) return option;
    const offered = options.map(({ id }) => id).join(", ");
    throw invalidField("option_id", `"${answer.optionId}" is not offered; the agent offers ${offered}`);
  }
  const word = answer.allow ? "allow" : "reject";
  const kinds = always ? [`${word}_always`] : [`${word}_once`, `${word}_always`];
  const option = kinds.map((kind) => options.find((each) => each.kind === kind)).find(Boolean);
  if (option !== undefined) return option;
  throw failedPrecondition(
    "APPROVAL_OPTION",
    `the agent offers no way to ${word} this${always ? " for the session" : ""}; choose one of its options by id`,
    { approval: row.id },
  );
}

/** @throws DomainError failed_precondition when it has its answer already */
export function requirePending(row: ApprovalRow): void {
  if (row.state === ApprovalState.PENDING) return;
  throw failedPrecondition(
    "APPROVAL_RESOLVED",
    `approval ${row.id} is ${ApprovalState[row.state]} already; an answer counts once`,
    { approval: row.id },
  );
}

/** @throws DomainError failed_precondition when it has its answer already, or nobody can give one any more */
export function requireAnswerable(row: ApprovalRow, now: number): void {
  requirePending(row);
  if (row.deadline === null || now < row.deadline) return;
  const deadline = new Date(row.deadline).toISOString();
  throw failedPrecondition(
    "APPROVAL_EXPIRED",
    `approval ${row.id} was to be answered by ${deadline}; it is being rejected`,
    { approval: row.id, deadline },
  );
}

/** What a runner waits for while an approval is pending. */
const waitFor = ({ request }: ApprovalRow): RunnerActivity =>
  fromBinary(ApprovalSchema, request).question === undefined
    ? RunnerActivity.AWAITING_APPROVAL
    : RunnerActivity.AWAITING_INPUT;

const waits = new Set([RunnerActivity.AWAITING_APPROVAL, RunnerActivity.AWAITING_INPUT]);

/** @throws DomainError failed_precondition when it has its answer already */
export function resolveApproval(
  tx: Transaction,
  row: ApprovalRow,
  state: ApprovalState,
  resolution: Resolution,
): ApprovalRow {
  requirePending(row);
  const resolved = tx.approvals.update(row.id, {
    state,
    resolvedAt: Date.now(),
    resolvedBy: resolution.by,
    resolution: storedResolution(resolution),
  })!;
  const session = tx.sessions.byId(row.sessionId)!;
  const runner = tx.runners.byId(row.runnerId);
  if (runner !== undefined && waits.has(runner.activity)) {
    const left = tx.approvals.pending({ runnerId: row.runnerId }).at(-1);
    const isWorking = runner.sessionId !== null && tx.turns.running(runner.sessionId) !== undefined;
    const rest = isWorking ? RunnerActivity.WORKING : RunnerActivity.IDLE;
    tx.runners.update(runner.id, { activity: left === undefined ? rest : waitFor(left) });
  }
  recordEvent(tx, EventType.APPROVAL_RESOLVED, { runner, session }, ApprovalResolvedSchema, {
    approval: approvalMessage(resolved),
  });
  tx.wake(`session:${row.sessionId}`);
  tx.wake(approvalsTopic);
  return resolved;
}

/** @throws DomainError not_found */
export function approvalById(reads: Pick<Reads, "approvals">, id: string): ApprovalRow {
  const row = reads.approvals.byId(id);
  if (row === undefined) throw notFound("approval", id);
  return row;
}

export function approvalMessage(row: ApprovalRow): Approval {
  const asked = fromBinary(ApprovalSchema, row.request);
  return create(ApprovalSchema, {
    ...asked,
    id: row.id,
    state: row.state,
    runnerId: row.runnerId,
    sessionId: row.sessionId,
    turnId: row.turnId ?? "",
    projectName: row.projectName,
    createdAt: timestampOf(row.createdAt),
    deadline: timestampOf(row.deadline),
    resolvedAt: timestampOf(row.resolvedAt),
    resolvedBy: row.resolvedBy,
    ...resolutionOf(row),
  });
}
