import { randomUUID } from "node:crypto";
import {
  type AgentRequestContext,
  type PromptRequest,
  type PromptResponse,
  RequestError,
  type StopReason,
} from "@agentclientprotocol/sdk";
import type { Usage } from "@agentclientprotocol/sdk/unstable";
import { runDirectives } from "../behaviours/run.js";
import { DirectiveError, type ParsedPrompt, parsePrompt } from "../directives/parse.js";
import type { Script } from "../script/script.js";
import { remember } from "../sessions/record.js";
import type { OpenSession, Sessions } from "../sessions/sessions.js";
import { fastModel } from "../sessions/settings.js";
import { runDemo } from "../turn/demo.js";
import type { Host } from "../turn/host.js";
import { sendUpdate } from "../turn/send-update.js";
import { Turn, TurnEnd } from "../turn/turn.js";
import { contextSize, toUsage } from "../turn/usage.js";

/** An answer to a prompt with its tokens, which stable ACP does not define but agents send. */
type Answer = PromptResponse & { usage?: Usage };

/** Answers `session/prompt`: one turn at a time in each session. */
export class Prompts {
  readonly #sessions: Sessions;
  readonly #script: Script;
  readonly #host: Host;
  readonly #delayMs: number;
  #answered = 0;

  /** @param delayMs milliseconds between the demo's chunks, for all but the fast model. */
  constructor(sessions: Sessions, script: Script, host: Host, delayMs: number) {
    this.#sessions = sessions;
    this.#script = script;
    this.#host = host;
    this.#delayMs = delayMs;
  }

  async answer({ params, client, requestId, signal }: AgentRequestContext<PromptRequest>): Promise<Answer> {
    const session = this.#sessions.get(params.sessionId);
    if (session.turn) {
      throw RequestError.invalidRequest({ sessionId: params.sessionId }, "a turn of this session is running");
    }
    const parsed = parse(this.#script.turns?.[this.#answered] ?? textOf(params));
    this.#answered += 1;
    const turn = new Turn({
      session,
      client,
      requestId,
      host: this.#host,
      prompt: params.prompt,
      text: parsed.rest,
      delayMs: session.record.model === fastModel ? 0 : this.#delayMs,
    });
    signal.addEventListener("abort", () => turn.cancel(), { once: true });
    session.turn = turn;
    try {
      this.#begin(session, params);
      const stopReason = await run(turn, parsed);
      return { stopReason, ...(await this.#report(turn)) };
    } finally {
      session.turn = null;
      this.#sessions.save(session);
    }
  }

  // Stored before the first update, so that a crash in the turn keeps the question.
  #begin(session: OpenSession, { prompt }: PromptRequest): void {
    const messageId = randomUUID();
    for (const content of prompt) {
      remember(session.record, { sessionUpdate: "user_message_chunk", content, messageId });
    }
    session.record.turns += 1;
    session.record.title ??= titleOf(textOf({ prompt }));
    this.#sessions.save(session);
  }

  async #report(turn: Turn): Promise<{ usage?: Usage }> {
    if (this.#script.usage === false) return {};
    const { record } = turn.session;
    const usage = turn.usage();
    record.costNanos += usage.costNanos;
    record.contextTokens = Math.min(
      contextSize,
      usage.inputTokens + usage.cachedReadTokens + usage.outputTokens,
    );
    await sendUpdate(turn.client, record.sessionId, {
      sessionUpdate: "usage_update",
      used: record.contextTokens,
      size: contextSize,
      cost: { amount: record.costNanos / 1e9, currency: "USD" },
    });
    return { usage: toUsage(usage) };
  }
}

async function run(turn: Turn, parsed: ParsedPrompt): Promise<StopReason> {
  try {
    if (parsed.directives.length > 0) await runDirectives(turn, parsed.directives);
    else await runDemo(turn);
    return "end_turn";
  } catch (error) {
    if (error instanceof TurnEnd) return error.stopReason;
    throw error;
  }
}

function parse(text: string): ParsedPrompt {
  try {
    return parsePrompt(text);
  } catch (error) {
    if (!(error instanceof DirectiveError)) throw error;
    throw RequestError.invalidParams({ line: error.line }, error.message);
  }
}

function textOf({ prompt }: Pick<PromptRequest, "prompt">): string {
  return prompt
    .filter((block) => block.type === "text")
    .map((block) => block.text)
    .join("\n");
}

function titleOf(text: string): string | null {
  return [...text.replace(/[\s\p{Cc}]+/gu, " ").trim()].slice(0, 60).join("") || null;
}
