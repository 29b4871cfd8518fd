import { AGENT_METHODS } from "@agentclientprotocol/sdk";
import type { AgentUpdate } from "../adapter.js";
import { chooseModel, noteModel } from "./models.js";
import type { AcpState, Answered, ModelOption, PendingRequest } from "./state.js";

type Setting = Extract<PendingRequest, { method: "session/set_config_option" }>;

interface Held {
  sessionId: string;
  agentSessionId: string;
}

const opened = ({ sessionId, agentSessionId }: Held, model: string): AgentUpdate => ({
  kind: "session_opened",
  sessionId,
  agentSessionId,
  model,
});

/** The agent holds a session that is to use a model: it is open once it does, or once it is known that it cannot. */
export function openWith(state: AcpState, session: Held, model: string, current: string): Answered {
  const choice = chooseModel(model, state.models[session.sessionId], current);
  if (choice.kind === "set") return { updates: [], next: setting(session, choice) };
  const updates = [opened(session, current)];
  if (choice.kind === "impossible") updates.push(warning(session, choice.why));
  return { updates };
}

/** What makes an open session use another model, and sessions that are being opened use it from their beginning. */
export function changeModel(state: AcpState, sessionId: string | undefined, model: string): Answered {
  for (const pending of Object.values(state.pending)) {
    if ("model" in pending && !("agentSessionId" in pending)) pending.model = model;
    else if (pending.method === "session/set_config_option" && !pending.isOpen) pending.next = model;
  }
  const agentSessionId = sessionId === undefined ? undefined : state.sessions[sessionId];
  if (sessionId === undefined || agentSessionId === undefined) return { updates: [] };
  const session = { sessionId, agentSessionId };
  const option = state.models[sessionId];
  if (model === "") {
    return { updates: [notApplied(session, "an agent's own default can only be chosen anew", option)] };
  }
  const choice = chooseModel(model, option, awaited(state, sessionId) ?? option?.current);
  if (choice.kind === "impossible") return { updates: [notApplied(session, choice.why, option)] };
  if (choice.kind === "as_is") return { updates: [] };
  const next = setting(session, choice);
  return { updates: [], next: { ...next, pending: { ...next.pending, isOpen: true } } };
}

/** The agent has taken a model. */
export function modelSet(state: AcpState, pending: Setting, configOptions: unknown): Answered {
  const { sessionId, model, isOpen, next } = pending;
  const isHeld = state.sessions[sessionId] === pending.agentSessionId;
  if (isOpen && !isHeld) return { updates: [] };
  const now = (isHeld && noteModel(state, sessionId, configOptions)) || model;
  const option = state.models[sessionId];
  if (option !== undefined) option.current = now;
  if (isOpen) return { updates: [{ kind: "model", sessionId, model: now }] };
  return next === undefined ? { updates: [opened(pending, now)] } : openWith(state, pending, next, now);
}

/** The agent has refused a model: it goes on with the one that it has. */
export function modelRefused(state: AcpState, pending: Setting, error: string): Answered {
  const option = state.models[pending.sessionId];
  const why = `the agent did not take the model ${pending.model}: ${error}`;
  if (pending.isOpen) return { updates: [notApplied(pending, why, option)] };
  const { updates, next } = openWith(state, pending, pending.next ?? "", option?.current ?? "");
  return { updates: [...updates, warning(pending, why)], ...(next && { next }) };
}

const setting = (session: Held, { configId, value }: { configId: string; value: string }) => ({
  method: AGENT_METHODS.session_set_config_option,
  params: { sessionId: session.agentSessionId, configId, value },
  pending: { method: "session/set_config_option" as const, ...pick(session), model: value },
});

const pick = ({ sessionId, agentSessionId }: Held): Held => ({ sessionId, agentSessionId });

const warning = ({ sessionId }: Held, message: string): AgentUpdate => ({
  kind: "warning",
  sessionId,
  message,
});

const notApplied = (session: Held, why: string, option: ModelOption | undefined): AgentUpdate =>
  warning(
    session,
    `${why}; session ${session.sessionId} goes on with ${option?.current || "the model it has"}`,
  );

/** The model that an open session was last asked to use, and has not answered for. */
function awaited(state: AcpState, sessionId: string): string | undefined {
  return Object.values(state.pending).findLast(
    (each): each is Setting => each.method === "session/set_config_option" && each.sessionId === sessionId,
  )?.model;
}
