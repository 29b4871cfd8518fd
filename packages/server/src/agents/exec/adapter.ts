import type { AgentAdapter, Received } from "../adapter.js";

interface ExecState {
  /** The session that the process is; set when it opens. */
  sessionId: string;
}

export interface ExecOptions {
  sessionId: string;
  /** Whether the program reads messages on its input. */
  input: boolean;
}

const noModel = "model was recorded but not applied: a command has no model";

/** Any command: what it prints is the transcript, line by line, and a message is a line of its input. */
export function createExecAdapter(options: ExecOptions, stored?: unknown): AgentAdapter {
  const state = (stored as ExecState | undefined) ?? { sessionId: options.sessionId };
  return {
    state,
    opensSessions: false,
    hasRoom: false,
    continuesWhileRunning: false,
    resumesSessions: false,
    forksSessions: false,
    takesMessages: options.input,
    answersInDetail: false,
    start: () => [],
    receive: ({ text, stream }): Received => ({
      updates: [{ kind: "text", sessionId: state.sessionId, text: `${text}\n`, boundary: stream }],
      send: [],
    }),
    openSession: () => [],
    refusal: (parts) => {
      const index = parts.findIndex(({ kind }) => kind.case !== "text");
      return index < 0 ? undefined : { index, why: "the program reads text only" };
    },
    prompt: ({ sessionId, turnId, parts }) => ({
      updates: [{ kind: "turn_ended", sessionId, turnId, stopReason: "delivered" }],
      send: [parts.map(({ kind }) => (kind.case === "text" ? kind.value : "")).join("")],
    }),
    dropPrompt: () => {},
    cancel: () => [],
    setModel: ({ sessionId }) => ({
      updates: [{ kind: "warning", sessionId: sessionId ?? state.sessionId, message: noModel }],
      send: [],
    }),
    closeSession: () => [],
    answer: () => [],
  };
}
