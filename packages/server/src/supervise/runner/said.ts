import type { AgentUpdate } from "../../agents/index.js";
import { requestApproval, resolveApproval } from "../../domain/approvals.js";
import { turnRunning } from "../../domain/turns.js";
import type { SessionRow, Transaction } from "../../store/index.js";
import type { Applied } from "./apply.js";
import type { RunnerMemory } from "./memory.js";
import { answerLine, deadlineOf, standingAnswer } from "./standing-answer.js";

const kinds = ["text", "thinking", "part", "tool_call", "approval_requested"] as const;

/** What an agent says in a session. */
export type Said = Extract<AgentUpdate, { kind: (typeof kinds)[number] }>;

export const isSaid = (update: AgentUpdate): update is Said => kinds.some((kind) => kind === update.kind);

/** Writes what an agent said into the transcript; a question becomes an approval. */
export function applySaid(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  update: Said,
  applied: Applied,
): void {
  const turn = tx.turns.running(session.id);
  if (turn !== undefined) turnRunning(tx, turn);
  const turnId = turn?.id ?? null;
  const writer = memory.writer(tx, session.id);
  switch (update.kind) {
    case "text":
      writer.text(tx, turnId, update.text, update.boundary);
      break;
    case "thinking":
      writer.thinking(tx, turnId, update.text, update.boundary);
      break;
    case "part":
      writer.part(tx, turnId, update.part);
      break;
    case "tool_call":
      writer.toolCall(tx, turnId, update.call);
      break;
    case "approval_requested":
      applyAsked(tx, memory, session, { ...update, turnId }, applied);
  }
}

function applyAsked(
  tx: Transaction,
  memory: RunnerMemory,
  session: SessionRow,
  asked: Extract<Said, { kind: "approval_requested" }> & { turnId: string | null },
  applied: Applied,
): void {
  const { agentRequestId, turnId, options, question } = asked;
  const toolCall = memory.writer(tx, session.id).toolCall(tx, turnId, asked.toolCall);
  const answer = standingAnswer(tx, session, memory, { toolCall, options, question });
  const deadline = answer === undefined ? deadlineOf(tx, session) : undefined;
  const row = requestApproval(tx, session, { ...asked, toolCall, deadline });
  if (answer === undefined) return;
  const { state, optionId, rule } = answer;
  resolveApproval(tx, row, state, { optionId: optionId ?? "", by: "policy", rule });
  applied.lines.push(...memory.adapter.answer(agentRequestId, answerLine(optionId)));
}
