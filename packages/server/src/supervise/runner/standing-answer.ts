import { homedir } from "node:os";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { type ApprovalRule, ApprovalState, PermissionMode, type ToolCall } from "@stratavore/proto";
import type { ApprovalAnswer } from "../../agents/index.js";
import { firstMatch } from "../../domain/approval-policy/decide.js";
import { configOf } from "../../domain/views/project.js";
import { specOf } from "../../domain/views/runner.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import { askedCall } from "../approvals/asked-call.js";
import type { RunnerMemory } from "./memory.js";

interface Option {
  id: string;
  kind: string;
}

interface Asked {
  toolCall: ToolCall;
  options: readonly Option[];
  /** Only a person can answer it. */
  question?: object | undefined;
}

export interface StandingAnswer {
  state: ApprovalState;
  /** Undefined: the agent offers no way to reject it, and is told that it was cancelled. */
  optionId: string | undefined;
  /** Undefined: the permission mode of the runner or the project. */
  rule?: ApprovalRule | undefined;
}

const { ALLOW, ASK, DENY, UNSPECIFIED } = PermissionMode;

/** The answer that the project's rules or a permission mode give by themselves; none: a person answers. */
export function standingAnswer(
  tx: Transaction,
  session: SessionRow,
  memory: Pick<RunnerMemory, "stored">,
  { toolCall, options, question }: Asked,
): StandingAnswer | undefined {
  const runner = tx.runners.byId(session.runnerId);
  const project = tx.projects.byUid(session.projectUid);
  if (runner === undefined || project === undefined) return undefined;
  const own = specOf(runner).permissionMode;
  const policy = configOf(project)?.approvalPolicy;
  const rules = policy?.rules ?? [];
  const folder = memory.stored.cwd ?? project.path;
  const match = rules.length > 0 ? firstMatch(rules, askedCall(toolCall, folder, homedir())) : undefined;
  const ruled = own === DENY && match?.rule.mode === ALLOW ? undefined : match?.rule;
  const mode = ruled?.mode ?? (own === UNSPECIFIED ? (policy?.mode ?? ASK) : own);
  if (mode === DENY) return { ...rejection(options), rule: ruled };
  if (mode !== ALLOW || question !== undefined) return undefined;
  const option = options.find(({ kind }) => kind === "allow_once");
  return option && { state: ApprovalState.ALLOWED, optionId: option.id, rule: ruled };
}

/** How a question is rejected, whatever its agent offers. */
export function rejection(options: readonly Option[]): {
  state: ApprovalState;
  optionId: string | undefined;
} {
  const of = (wanted: string) => options.find(({ kind }) => kind === wanted)?.id;
  return { state: ApprovalState.REJECTED, optionId: of("reject_once") ?? of("reject_always") };
}

export const answerLine = (optionId: string | undefined): ApprovalAnswer =>
  optionId === undefined ? { cancelled: true } : { optionId };

/** When a question that is asked now is rejected if nobody answers, in ms of the epoch. */
export function deadlineOf(tx: Transaction, session: SessionRow): number | undefined {
  const project = tx.projects.byUid(session.projectUid);
  const deadline = project && configOf(project)?.approvalPolicy?.deadline;
  return deadline && Date.now() + durationMs(deadline);
}
