import type { ClaudeLaunch } from "./launch.js";
import type { OfferedModel } from "./models.js";
import type { StreamedUsage } from "./streamed-usage.js";

/** A control request of ours that has no answer yet. */
export type PendingControl =
  | { kind: "initialize" }
  | { kind: "interrupt" }
  /** One step of the opening of the session. */
  | { kind: "mcp" }
  | { kind: "set_model"; asked: string; opens?: boolean }
  /** Asked for a session that this process cannot have. */
  | { kind: "refusal"; sessionId: string; why: string };

/** A permission, or answers, that Claude Code waits for. */
export interface Question {
  toolUseId: string;
  /** Goes back to it unless it is edited. */
  input: Record<string, unknown>;
  /** What to tell it so that it does not ask again in this session. */
  always: Record<string, unknown>[];
}

/** All that a conversation with Claude Code needs to be continued by another process of ours. */
export interface ClaudeState {
  launch: ClaudeLaunch;
  nextId: number;
  /** By the id of the request. */
  pending: Record<string, PendingControl>;
  isReady: boolean;
  /** What it costs is covered by a subscription. */
  isSubscribed: boolean;
  offered: OfferedModel[];
  /** The model that it was last asked to use. */
  askedModel: string;
  /** The model that runs, as far as it is known. */
  model: string;
  /** The session that the process is, once it has been asked for. */
  sessionId?: string;
  /** While it opens: the steps that are left, and what did not come of them. */
  opening?: { steps: number; warnings: string[] };
  turn?: { turnId: string; uuid: string; isCancelled?: boolean };
  /** The message that streams, and what of it has been told. */
  message?: { id: string; text: boolean; thinking: boolean; used: StreamedUsage };
  /** Tool calls that have no result yet, by id. */
  calls: Record<string, { name: string; edited?: Record<string, unknown> }>;
  /** By the id of its request. */
  questions: Record<string, Question>;
  /** Its provider holds it back. */
  isLimited?: boolean;
  /** Tokens in the model's context after its last answer. */
  context: number;
  /** The sum that it last reported, in dollars; unset: not known, as of a conversation that it has continued. */
  reportedCost?: number;
}

export const initialState = (launch: ClaudeLaunch): ClaudeState => ({
  launch,
  nextId: 1,
  pending: {},
  isReady: false,
  isSubscribed: false,
  offered: [],
  askedModel: launch.model,
  model: "",
  calls: {},
  questions: {},
  context: 0,
  ...(launch.resumes === undefined && { reportedCost: 0 }),
});
