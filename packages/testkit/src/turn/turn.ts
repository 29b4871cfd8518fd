import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type {
  AgentContext,
  ContentBlock,
  JsonRpcId,
  SessionUpdate,
  StopReason,
} from "@agentclientprotocol/sdk";
import { remember } from "../sessions/record.js";
import type { OpenSession } from "../sessions/sessions.js";
import type { Host } from "./host.js";
import { sendUpdate } from "./send-update.js";
import { estimateTokens, type TurnUsage } from "./usage.js";

/** Thrown inside a turn to end it with a stop reason. */
export class TurnEnd extends Error {
  override readonly name = "TurnEnd";
  constructor(readonly stopReason: StopReason) {
    super(`the turn ends: ${stopReason}`);
  }
}

/** What a turn is made of. */
export interface TurnParts {
  session: OpenSession;
  client: AgentContext;
  requestId: JsonRpcId;
  host: Host;
  prompt: readonly ContentBlock[];
  /** The prompt's text, without its directives. */
  text: string;
  /** Milliseconds between the demo's chunks. */
  delayMs: number;
}

/** One prompt being answered: sends updates, keeps them for replay, counts, and can be cancelled. */
export class Turn {
  readonly session: OpenSession;
  readonly client: AgentContext;
  readonly requestId: JsonRpcId;
  readonly host: Host;
  readonly prompt: readonly ContentBlock[];
  readonly text: string;
  readonly delayMs: number;
  /** Set to report these figures in place of the estimate. */
  reportedUsage: TurnUsage | null = null;
  /** Set to let a cancel pass without effect. */
  ignoresCancel = false;

  readonly #abort = new AbortController();
  #message: { kind: string; id: string } | null = null;
  #said = 0;
  #thought = 0;

  constructor(parts: TurnParts) {
    this.session = parts.session;
    this.client = parts.client;
    this.requestId = parts.requestId;
    this.host = parts.host;
    this.prompt = parts.prompt;
    this.text = parts.text;
    this.delayMs = parts.delayMs;
  }

  /** Aborted by a cancel that is not ignored. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  cancel(): void {
    if (!this.ignoresCancel) this.#abort.abort(new TurnEnd("cancelled"));
  }

  /** Sends an update and keeps it for replay, unless it is `passing`. Throws {@link TurnEnd} when cancelled. */
  async emit(update: SessionUpdate, options: { passing?: boolean } = {}): Promise<void> {
    this.signal.throwIfAborted();
    if (!options.passing) remember(this.session.record, update);
    await sendUpdate(this.client, this.session.record.sessionId, update);
  }

  /** Sends content of the answer; consecutive pieces share a message id. */
  async show(content: ContentBlock, options?: { passing?: boolean }): Promise<void> {
    if (content.type === "text") this.#said += content.text.length;
    await this.emit(
      { sessionUpdate: "agent_message_chunk", content, messageId: this.#messageId("answer") },
      options,
    );
  }

  async say(text: string, options?: { passing?: boolean }): Promise<void> {
    await this.show({ type: "text", text }, options);
  }

  async think(text: string): Promise<void> {
    this.#thought += text.length;
    await this.emit({
      sessionUpdate: "agent_thought_chunk",
      content: { type: "text", text },
      messageId: this.#messageId("thought"),
    });
  }

  /** Begins a new message: what comes next is not a piece of the last one. */
  endMessage(): void {
    this.#message = null;
  }

  /** Waits. Throws {@link TurnEnd} when cancelled. */
  async pause(ms: number): Promise<void> {
    this.signal.throwIfAborted();
    if (ms > 0) await setTimeout(ms, undefined, { signal: this.signal }).catch(() => undefined);
    this.signal.throwIfAborted();
  }

  /** Never returns, but throws {@link TurnEnd} when cancelled. */
  hang(): Promise<never> {
    return new Promise((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
      if (this.signal.aborted) reject(this.signal.reason);
    });
  }

  /** What the turn used: as reported, or an estimate that cost nothing. */
  usage(): TurnUsage {
    if (this.reportedUsage) return this.reportedUsage;
    const asked = this.prompt.reduce((sum, each) => sum + (each.type === "text" ? each.text.length : 0), 0);
    return {
      inputTokens: this.session.record.contextTokens + estimateTokens(asked),
      outputTokens: estimateTokens(this.#said),
      cachedReadTokens: 0,
      cachedWriteTokens: 0,
      thoughtTokens: estimateTokens(this.#thought),
      costNanos: 0,
    };
  }

  #messageId(kind: string): string {
    if (this.#message?.kind !== kind) this.#message = { kind, id: randomUUID() };
    return this.#message.id;
  }
}
