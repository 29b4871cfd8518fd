import type { AgentUpdate, ApprovalChoice } from "../adapter.js";
import { recordIn, recordsIn, textIn } from "../read.js";
import type { AcpState } from "./state.js";
import { noteToolCall } from "./tool-calls.js";

/** Questions that an agent may have open at a time. */
const maxQuestions = 64;

/** A `session/request_permission`: a question, or why it cannot be put to anyone. */
export function askedOf(
  state: AcpState,
  id: string | number,
  session: { sessionId: string; agentSessionId: string },
  params: Record<string, unknown>,
): AgentUpdate[] | string {
  const { sessionId, agentSessionId } = session;
  const agentRequestId = `${typeof id}:${id}`.toWellFormed();
  const options = recordsIn(params.options).flatMap(choiceIn);
  if (options.length === 0) return "a permission request needs options to choose from";
  if (state.questions[agentRequestId] !== undefined) return `the request id ${id} is in use`;
  if (Object.keys(state.questions).length >= maxQuestions)
    return `${maxQuestions} questions are open already`;
  const toolCall = noteToolCall(state.toolCalls, agentSessionId, recordIn(params.toolCall));
  state.questions[agentRequestId] = id;
  return [{ kind: "approval_requested", sessionId, agentRequestId, toolCall, options }];
}

function choiceIn({ optionId, name, kind }: Record<string, unknown>): ApprovalChoice[] {
  const id = textIn(optionId);
  return id === "" ? [] : [{ id, name: textIn(name) || id, kind: textIn(kind) }];
}
