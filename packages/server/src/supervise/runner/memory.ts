import type { Usage } from "@stratavore/proto";
import {
  type AgentAdapter,
  type AgentProfile,
  type ClaudeLaunch,
  createAcpAdapter,
  createClaudeAdapter,
  createExecAdapter,
} from "../../agents/index.js";
import { TranscriptWriter } from "../../domain/transcript/writer.js";
import type { ProcessRow, Transaction } from "../../store/index.js";
import { version } from "../../version.js";
import { emptyOutbox, type StoredOutbox } from "./outbox.js";

/** A cost that an agent reports as a sum: what of it is not yet booked to a turn. JSON, so bigints are text. */
export interface CostAccount {
  reported: string;
  unbooked: string;
  currency: string;
  /** What the running turn has used so far, class by class; its end tells all of it. */
  used?: Record<string, string>;
  /** The turn that a budget has ended, until the agent has. */
  stopped?: { turnId: string; why: string };
}

/** What a runner's process row keeps of the conversation with its agent. */
export interface StoredMemory {
  protocol: AgentProfile["protocol"];
  adapter: unknown;
  outbox: StoredOutbox;
  costs: Record<string, CostAccount>;
  /** The last of the agent's error output. */
  stderrTail: string;
  /** Sessions whose transcript says that bytes were not UTF-8. */
  notUtf8: string[];
  /** Sessions that the agent was asked to take up and has not answered for; what is given up has no taker any more. */
  resuming?: Record<string, "pending" | "given_up">;
  /** The session that the process was started to continue, until the agent has answered for it. */
  continues?: string | undefined;
  /** Turns that go before those queued earlier, the next one first. */
  steered?: string[];
  /** While PAUSED: its processes are stopped where they are. */
  frozen?: boolean;
  /** Its processes are to go on, and may not do so yet. */
  thawing?: boolean;
  /** Why it is being ended, once it is decided that it fails. */
  failure?: string;
  /** Where its process was started; the project's path may have changed since. */
  cwd?: string;
  /** exec only. */
  input?: boolean;
  /** claude only. */
  claude?: ClaudeLaunch | undefined;
  /** What the agent's token figures are of; default: a turn. */
  tokens?: AgentProfile["tokens"] | undefined;
}

/** What the daemon holds of one live runner in memory. All of it can be made anew from the store. */
export class RunnerMemory {
  readonly #writers = new Map<string, TranscriptWriter>();

  private constructor(
    readonly stored: StoredMemory,
    readonly adapter: AgentAdapter,
  ) {}

  static first(
    kind: Pick<StoredMemory, "protocol" | "input" | "cwd" | "continues" | "claude" | "tokens">,
    execSessionId: string,
  ): RunnerMemory {
    const rest = { outbox: emptyOutbox(), costs: {}, stderrTail: "", notUtf8: [] };
    return RunnerMemory.#of({ ...kind, ...rest, adapter: undefined }, execSessionId);
  }

  /** As the last transaction that committed left it. */
  static load(row: ProcessRow): RunnerMemory {
    return RunnerMemory.#of(row.adapterState as StoredMemory, "");
  }

  static #of(stored: StoredMemory, execSessionId: string): RunnerMemory {
    return new RunnerMemory(stored, adapterOf(stored, execSessionId));
  }

  /** Whether the agent can take up its sessions again in another process. */
  get resumable(): boolean {
    return this.adapter.resumesSessions;
  }

  /** JSON for the process row; made before the transaction that stores it commits. */
  snapshot(): StoredMemory {
    return { ...this.stored, adapter: this.adapter.state };
  }

  writer(tx: Transaction, sessionId: string): TranscriptWriter {
    let writer = this.#writers.get(sessionId);
    if (writer === undefined) {
      writer = TranscriptWriter.restore(tx, tx.sessions.byId(sessionId)!);
      this.#writers.set(sessionId, writer);
    }
    return writer;
  }

  cost(sessionId: string): CostAccount {
    this.stored.costs[sessionId] ??= { reported: "0", unbooked: "0", currency: "" };
    return this.stored.costs[sessionId];
  }

  /** Whether this process has had the session, and costs of it have been noted. */
  hasAccount(sessionId: string): boolean {
    return this.stored.costs[sessionId] !== undefined;
  }

  /** How far the taking up of a session is; undefined: it was not asked for, or is answered. */
  resuming(sessionId: string): "pending" | "given_up" | undefined {
    return this.stored.resuming?.[sessionId];
  }

  setResuming(sessionId: string, to: "pending" | "given_up" | undefined): void {
    const { [sessionId]: _, ...others } = this.stored.resuming ?? {};
    this.stored.resuming = to === undefined ? others : { ...others, [sessionId]: to };
  }

  /** What the agent reports as a sum for a session that it takes up includes what was booked elsewhere. */
  reportedBefore(sessionId: string, { costNanos, currency }: Pick<Usage, "costNanos" | "currency">): void {
    this.stored.costs[sessionId] = { reported: String(costNanos), unbooked: "0", currency };
  }

  /** Forgets what can be made anew, of a session that is not the runner's active one any more. */
  letGo(sessionId: string): void {
    this.#writers.delete(sessionId);
  }
}

function adapterOf(stored: StoredMemory, execSessionId: string): AgentAdapter {
  const { protocol, adapter, claude, input = false } = stored;
  if (protocol === "acp") return createAcpAdapter({ clientVersion: version }, adapter);
  if (protocol === "exec") return createExecAdapter({ sessionId: execSessionId, input }, adapter);
  if (claude === undefined) throw new Error("a process of Claude Code is on record without its launch");
  return createClaudeAdapter(claude, adapter);
}
