import type { JsonObject } from "@bufbuild/protobuf";
import type { Part, ToolCall } from "@stratavore/proto";

/** Token figures of one turn, as far as an agent gives them. */
export interface TurnUsage {
  inputTokens: bigint;
  outputTokens: bigint;
  cacheReadTokens: bigint;
  cacheWriteTokens: bigint;
  reasoningTokens: bigint;
  /** What that cost, where the agent tells it for the turn alone. */
  cost?: SpentCost;
}

export interface SpentCost {
  /** Billionths of the currency's unit. */
  nanos: bigint;
  /** ISO 4217 code. */
  currency: string;
  /** `api_equivalent`: what it would have cost, as a subscription covers it. */
  basis: "reported" | "api_equivalent";
}

/** A cost that an agent reports as the sum since its session began. */
export interface CumulativeCost {
  /** Billionths of the currency's unit. */
  nanos: bigint;
  /** ISO 4217 code. */
  currency: string;
}

export interface ApprovalChoice {
  id: string;
  name: string;
  /** allow_once, allow_always, reject_once or reject_always. */
  kind: string;
}

/** What an agent said, in terms that do not depend on its protocol. `sessionId` is always our own. */
export type AgentUpdate =
  | { kind: "ready"; agentName: string; agentVersion: string }
  | { kind: "session_opened"; sessionId: string; agentSessionId: string; model: string }
  | { kind: "session_failed"; sessionId: string; error: string }
  | { kind: "warning"; sessionId: string; message: string }
  /** `boundary` differs from one message of the agent to the next, where the agent tells them apart. */
  | { kind: "text"; sessionId: string; text: string; boundary?: string }
  | { kind: "thinking"; sessionId: string; text: string; boundary?: string }
  /** A plan replaces the earlier one. */
  | { kind: "part"; sessionId: string; part: Part }
  /** What the call leaves empty is as an earlier update of it said. */
  | { kind: "tool_call"; sessionId: string; call: ToolCall }
  | { kind: "context"; sessionId: string; used: bigint; size: bigint; cost?: CumulativeCost }
  | { kind: "title"; sessionId: string; title: string }
  | { kind: "model"; sessionId: string; model: string }
  /** The call is part of the transcript too. */
  | {
      kind: "approval_requested";
      sessionId: string;
      agentRequestId: string;
      toolCall: ToolCall;
      options: ApprovalChoice[];
      /** Questions that only a person can answer, as a JSON schema. */
      question?: JsonObject;
    }
  /** The agent does not wait for the answer any more. */
  | { kind: "approval_withdrawn"; sessionId: string; agentRequestId: string }
  /** Used by a turn that goes on: part of what its end tells, and what is known of it should it have none. */
  | { kind: "used"; sessionId: string; usage: TurnUsage }
  /** Used outside of any turn that was asked for, as by a task in the background. */
  | { kind: "spent"; sessionId: string; usage: TurnUsage }
  /** The running turn is held back by the model's provider, or goes on. */
  | { kind: "activity"; sessionId: string; activity: "rate_limited" | "working" }
  | {
      kind: "turn_ended";
      sessionId: string;
      turnId: string;
      stopReason: string;
      usage?: TurnUsage;
      error?: string;
    }
  /** Something about the output itself that a reader of the transcript should know. */
  | { kind: "notice"; sessionId: string; text: string }
  /** The agent cannot be used: the runner fails with this reason. */
  | { kind: "unusable"; reason: string }
  /** A line that is not of the protocol. */
  | { kind: "unreadable"; text: string };

export interface Received {
  updates: AgentUpdate[];
  /** Answers to the agent, to be written once the updates are committed. */
  send: string[];
}

export interface OpenSession {
  sessionId: string;
  cwd: string;
  model: string;
  mcpServers: readonly McpServerSpec[];
  /** The agent's own id of a session to continue. */
  resume?: string;
  /** With `resume`: the session is a copy of that one, under an id that the agent gives. */
  fork?: boolean;
}

export interface McpServerSpec {
  name: string;
  command?: readonly string[];
  url?: string;
  environment: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
}

/** One line of an agent's output. */
export interface AgentLine {
  stream: "stdout" | "stderr";
  text: string;
}

export type ApprovalAnswer = ChosenAnswer | { cancelled: true };

/** All but the option is for agents that take answers in detail. */
export interface ChosenAnswer {
  optionId: string;
  /** Takes the place of what the agent wanted to call its tool with. */
  editedInput?: JsonObject | undefined;
  /** By the names that the question's schema gives. */
  answers?: JsonObject | undefined;
  /** Why it was rejected, or what to do instead; empty: nothing to say. */
  message?: string | undefined;
}

/**
 * Speaks one agent's protocol over lines of text. It does no input or output and keeps all it knows in `state`, which
 * is stored with the journal offset: an adapter made from a stored state continues where the other one stopped.
 */
export interface AgentAdapter {
  /** Plain JSON. */
  readonly state: unknown;
  /** False: one process is one session, opened by itself at the start. */
  readonly opensSessions: boolean;
  /** False: it holds, or has held, the one session that its process can have. */
  readonly hasRoom: boolean;
  /** False: a session of another process can be taken up, or copied, only by starting one for it. */
  readonly continuesWhileRunning: boolean;
  /** True: another process of the same agent can take its sessions up again. */
  readonly resumesSessions: boolean;
  /** True: it can continue a copy of a session. */
  readonly forksSessions: boolean;
  /** False: the program reads no messages. */
  readonly takesMessages: boolean;
  /** True: an answer to a question of its can carry an edited input, answers and a word to it. */
  readonly answersInDetail: boolean;
  /** Lines to write right after the start. */
  start(): string[];
  /** Never throws, whatever the line is. */
  receive(line: AgentLine): Received;
  openSession(request: OpenSession): string[];
  /** Why the agent cannot be sent such a message; undefined if it can. */
  refusal(parts: readonly Part[]): { index: number; why: string } | undefined;
  /** For parts that are not refused. */
  prompt(request: { sessionId: string; turnId: string; parts: readonly Part[] }): Received;
  /** The prompt of this turn was not handed over and never will be. */
  dropPrompt(turnId: string): void;
  /** Asks for the end of the running turn. */
  cancel(sessionId: string): string[];
  /**
   * Makes the session use another model, and those that are being opened; an empty one is the agent's default. What comes
   * of it is told later, by `model`; what is known not to come of it at once, by `warning`.
   */
  setModel(request: { sessionId: string | undefined; model: string }): Received;
  /** Tells the agent that the session is done with here; what it says of it afterwards is nobody's. */
  closeSession(sessionId: string): string[];
  answer(agentRequestId: string, answer: ApprovalAnswer): string[];
}
