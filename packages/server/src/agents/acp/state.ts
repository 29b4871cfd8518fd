import type { AgentUpdate } from "../adapter.js";
import type { PromptCapabilities } from "./content.js";
import type { KnownToolCalls } from "./tool-calls.js";

/** A request of ours that has no answer yet. */
export type PendingRequest =
  | { method: "initialize" }
  | {
      method: "session/new" | "session/load" | "session/resume" | "session/fork";
      sessionId: string;
      model: string;
      /** Not of a fork, whose id is the agent's to give. */
      resume?: string;
    }
  | { method: "session/close"; sessionId: string }
  | {
      method: "session/set_config_option";
      sessionId: string;
      agentSessionId: string;
      model: string;
      /** The session is open already; else this is the last step of its opening. */
      isOpen?: boolean;
      /** While opening: what was asked for meanwhile. */
      next?: string;
    }
  | { method: "session/prompt"; sessionId: string; turnId: string };

/** What an answer of the agent means, and what it is asked next. */
export interface Answered {
  updates: AgentUpdate[];
  next?: { method: string; params: unknown; pending: PendingRequest };
}

/** The configuration option by which a session's model is chosen. */
export interface ModelOption {
  configId: string;
  /** The model in use. */
  current: string;
  models: { value: string; name: string }[];
  /** There are more models than are kept. */
  isCut?: boolean;
}

export interface AcpCapabilities {
  load: boolean;
  resume: boolean;
  fork: boolean;
  close: boolean;
  mcpHttp: boolean;
  prompt: PromptCapabilities;
}

/** All that an ACP conversation needs to be continued by another process. */
export interface AcpState {
  nextId: number;
  /** By JSON-RPC id. */
  pending: Record<string, PendingRequest>;
  capabilities: AcpCapabilities;
  /** Our session id -> the agent's. */
  sessions: Record<string, string>;
  /** By our session id: the model option, of sessions whose agent has one. */
  models: Record<string, ModelOption>;
  /** Sessions whose history is being replayed by `session/load`: what is said there is known already. */
  replaying: string[];
  /** Tool calls that are not over, by the agent's session id and call id. */
  toolCalls: KnownToolCalls;
  /** Permission requests that wait: our key -> the agent's JSON-RPC id. */
  questions: Record<string, string | number>;
}

export const initialState = (): AcpState => ({
  nextId: 1,
  pending: {},
  capabilities: {
    load: false,
    resume: false,
    fork: false,
    close: false,
    mcpHttp: false,
    prompt: { image: false, audio: false, embeddedContext: false },
  },
  sessions: {},
  models: {},
  replaying: [],
  toolCalls: {},
  questions: {},
});
