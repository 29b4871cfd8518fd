import type { AgentUpdate, McpServerSpec, Received } from "../adapter.js";
import { recordIn, textIn } from "../read.js";
import { meaningOf, modelIn, modelsIn } from "./models.js";
import type { ClaudeState, PendingControl } from "./state.js";

/** What Claude Code says of an error is kept with turns and runners. */
const maxErrorLength = 2000;

export const bounded = (text: string): string =>
  (text.length > maxErrorLength ? `${text.slice(0, maxErrorLength)}…` : text).toWellFormed();

/** A request of ours; its id tells, also after a restart of the daemon, what the answer means. */
export function ask(state: ClaudeState, request: Record<string, unknown>, pending: PendingControl): string {
  const id = `stratavore-${state.nextId++}`;
  state.pending[id] = pending;
  return JSON.stringify({ type: "control_request", request_id: id, request });
}

export const reply = (requestId: string, response: Record<string, unknown>): string =>
  JSON.stringify({
    type: "control_response",
    response: { subtype: "success", request_id: requestId, response },
  });

export const refuse = (requestId: string, error: string): string =>
  JSON.stringify({ type: "control_response", response: { subtype: "error", request_id: requestId, error } });

export const mcpServersOf = (servers: readonly McpServerSpec[]): Record<string, unknown> =>
  Object.fromEntries(
    servers.flatMap(({ name, command = [], url, environment, headers }): [string, unknown][] => {
      if (command.length > 0) {
        return [[name, { type: "stdio", command: command[0], args: command.slice(1), env: environment }]];
      }
      return url === undefined ? [] : [[name, { type: "http", url, headers }]];
    }),
  );

/** What Claude Code's answer to a request of ours means. */
export function onControlResponse(state: ClaudeState, message: Record<string, unknown>): Received {
  const response = recordIn(message.response);
  const id = textIn(response.request_id);
  const pending = Object.hasOwn(state.pending, id) ? state.pending[id] : undefined;
  if (pending === undefined) return { updates: [], send: [] };
  delete state.pending[id];
  const error = response.subtype === "success" ? undefined : bounded(textIn(response.error) || "no reason");
  return { updates: meaning(state, pending, recordIn(response.response), error), send: [] };
}

function meaning(
  state: ClaudeState,
  pending: PendingControl,
  answer: Record<string, unknown>,
  error: string | undefined,
): AgentUpdate[] {
  switch (pending.kind) {
    case "initialize":
      if (error !== undefined) {
        return [{ kind: "unusable", reason: `Claude Code refused to start: ${error}` }];
      }
      return onInitialized(state, answer);
    case "interrupt":
      return [];
    case "refusal":
      return [{ kind: "session_failed", sessionId: pending.sessionId, error: pending.why }];
    case "mcp":
      return step(state, error === undefined ? failedServers(answer) : [`MCP servers: ${error}`]);
    case "set_model":
      return onModel(state, pending, answer, error);
  }
}

function onInitialized(state: ClaudeState, answer: Record<string, unknown>): AgentUpdate[] {
  const account = recordIn(answer.account);
  state.isReady = true;
  state.offered = modelsIn(answer.models);
  state.isSubscribed =
    textIn(account.apiKeySource) === "" && !["", "none"].includes(textIn(account.tokenSource));
  const { model, resumes } = state.launch;
  // A conversation that goes on does so with the model that it had, which it tells with its first answer.
  if (model !== "" || resumes === undefined) state.model = meaningOf(state.offered, model);
  const agentVersion = textIn(answer.claude_code_version);
  return [{ kind: "ready", agentName: "Claude Code", agentVersion }];
}

function onModel(
  state: ClaudeState,
  { asked, opens }: Extract<PendingControl, { kind: "set_model" }>,
  answer: Record<string, unknown>,
  error: string | undefined,
): AgentUpdate[] {
  if (error !== undefined) {
    const warning = `Claude Code did not take the model ${asked}: ${error}; it goes on with ${state.model || "the model it has"}`;
    return opens ? step(state, [warning]) : told(state, warning);
  }
  state.model = modelIn(answer.model) || meaningOf(state.offered, asked);
  if (opens) return step(state, []);
  const { sessionId } = state;
  if (sessionId === undefined || state.opening !== undefined) return [];
  return [{ kind: "model", sessionId, model: state.model }];
}

const told = ({ sessionId }: ClaudeState, message: string): AgentUpdate[] =>
  sessionId === undefined ? [] : [{ kind: "warning", sessionId, message }];

const failedServers = (answer: Record<string, unknown>): string[] =>
  Object.entries(recordIn(answer.errors)).map(([name, why]) =>
    bounded(`the MCP server ${name} could not be used: ${textIn(why) || "no reason was given"}`),
  );

/** One step of the opening is done; the last one opens the session. */
function step(state: ClaudeState, warnings: readonly string[]): AgentUpdate[] {
  const { opening, sessionId, launch, model } = state;
  if (opening === undefined || sessionId === undefined) return [];
  opening.steps--;
  opening.warnings.push(...warnings);
  if (opening.steps > 0) return [];
  delete state.opening;
  const { agentSessionId } = launch;
  return [
    { kind: "session_opened", sessionId, agentSessionId, model },
    ...opening.warnings.map((message): AgentUpdate => ({ kind: "warning", sessionId, message })),
  ];
}
