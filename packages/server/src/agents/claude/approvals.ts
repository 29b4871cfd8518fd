import { ToolCallStatus } from "@stratavore/proto";
import type { AgentUpdate, ApprovalAnswer, ApprovalChoice, ChosenAnswer, Received } from "../adapter.js";
import { freeJson, recordIn, recordsIn, textIn } from "../read.js";
import { refuse, reply } from "./control.js";
import { questionSchema } from "./questions.js";
import type { ClaudeState, Question } from "./state.js";
import { toolCallOf } from "./tools.js";

/** Questions that may be open at a time, and how long the id of one may be. */
const maxQuestions = 64;
const maxId = 1024;

const rejected = "The user does not want this. Go on without it, or ask what to do instead.";

/** A request of Claude Code: a question, or a refusal of what is not offered. */
export function onControlRequest(state: ClaudeState, line: Record<string, unknown>): Received {
  const id = textIn(line.request_id);
  const request = recordIn(line.request);
  if (id === "" || id === "__proto__" || id.length > maxId) return { updates: [], send: [] };
  const refused = (why: string) => ({ updates: [], send: [refuse(id, why)] });
  if (request.subtype !== "can_use_tool") return refused(`"${textIn(request.subtype)}" is not offered`);
  const { sessionId } = state;
  if (sessionId === undefined) return refused("no session is open");
  if (Object.hasOwn(state.questions, id)) return refused("the request id is in use");
  if (Object.keys(state.questions).length >= maxQuestions)
    return refused(`${maxQuestions} questions are open already`);
  return { updates: [asked(state, sessionId, id, request)], send: [] };
}

function asked(
  state: ClaudeState,
  sessionId: string,
  id: string,
  request: Record<string, unknown>,
): AgentUpdate {
  const tool = textIn(request.tool_name);
  const input = recordIn(freeJson(request.input));
  const toolUseId = textIn(request.tool_use_id) || id;
  const always = rememberedIn(request.permission_suggestions);
  state.questions[id] = { toolUseId, input, always };
  const question = questionSchema(tool, input);
  return {
    kind: "approval_requested",
    sessionId,
    agentRequestId: id,
    toolCall: toolCallOf(toolUseId, tool, input, ToolCallStatus.PENDING),
    options: question === undefined ? choices(always.length > 0) : answers,
    ...(question && { question }),
  };
}

const reject: ApprovalChoice = { id: "reject_once", name: "Reject", kind: "reject_once" };

const answers: ApprovalChoice[] = [{ id: "allow_once", name: "Answer", kind: "allow_once" }, reject];

const choices = (canRemember: boolean): ApprovalChoice[] => [
  { id: "allow_once", name: "Allow", kind: "allow_once" },
  ...(canRemember
    ? [{ id: "allow_always", name: "Allow for this session", kind: "allow_always" as const }]
    : []),
  reject,
];

/**
 * What would keep Claude Code from asking again, narrowed to this session: rules, or where it proposes none, its mode for
 * edits. A mode that stops asking for everything is never taken.
 */
function rememberedIn(suggestions: unknown): Record<string, unknown>[] {
  const all = recordsIn(freeJson(suggestions)).filter(
    ({ behavior }) => behavior === undefined || behavior === "allow",
  );
  const hasRules = all.some(({ type }) => type === "addRules");
  const taken = all.filter(({ type, mode }) =>
    hasRules
      ? type === "addRules" || type === "addDirectories"
      : type === "setMode" && mode === "acceptEdits",
  );
  return taken.map((each) => ({ ...each, destination: "session" }));
}

/** The line that answers a question; none if it is not open any more. */
export function answerTo(state: ClaudeState, id: string, answer: ApprovalAnswer): string[] {
  const question = Object.hasOwn(state.questions, id) ? state.questions[id] : undefined;
  if (question === undefined) return [];
  delete state.questions[id];
  if ("cancelled" in answer) {
    return [reply(id, { behavior: "deny", message: "The turn was cancelled.", interrupt: true })];
  }
  if (answer.optionId === reject.id) {
    return [reply(id, { behavior: "deny", message: answer.message || rejected })];
  }
  const updatedInput = inputOf(question, answer);
  const call = state.calls[question.toolUseId];
  if (answer.editedInput !== undefined && call !== undefined) call.edited = answer.editedInput;
  const remembered = answer.optionId === "allow_always" ? { updatedPermissions: question.always } : {};
  return [reply(id, { behavior: "allow", updatedInput, ...remembered })];
}

function inputOf({ input }: Question, answer: ChosenAnswer) {
  if (answer.editedInput !== undefined) return answer.editedInput;
  return answer.answers === undefined ? input : { ...input, answers: answer.answers };
}

/** Claude Code does not wait for an answer any more. */
export function onCancelRequest(
  state: ClaudeState,
  sessionId: string,
  line: Record<string, unknown>,
): AgentUpdate[] {
  const agentRequestId = textIn(line.request_id);
  if (!Object.hasOwn(state.questions, agentRequestId)) return [];
  delete state.questions[agentRequestId];
  return [{ kind: "approval_withdrawn", sessionId, agentRequestId }];
}
