import { existsSync } from "node:fs";
import { RequestError } from "@agentclientprotocol/sdk";
import { TurnEnd } from "../turn/turn.js";
import type { Behaviours } from "./behaviour.js";

const pollMs = 10;

/** Directives that decide how and when the turn ends. */
export const flowBehaviours: Behaviours<
  "usage" | "sleep" | "wait" | "stop" | "error" | "hang" | "ignore-cancel"
> = {
  usage(turn, { input, output, cacheRead = 0, cacheWrite = 0, thought = 0, costUsd = 0 }) {
    turn.reportedUsage = {
      inputTokens: input,
      outputTokens: output,
      cachedReadTokens: cacheRead,
      cachedWriteTokens: cacheWrite,
      thoughtTokens: thought,
      costNanos: Math.round(costUsd * 1e9),
    };
  },

  sleep: (turn, { ms }) => turn.pause(ms),

  async wait(turn, { file }) {
    while (!existsSync(file)) await turn.pause(pollMs);
  },

  stop(_turn, { reason }) {
    throw new TurnEnd(reason);
  },

  error(_turn, { code, message }) {
    throw new RequestError(code, message);
  },

  hang: (turn) => turn.hang(),

  "ignore-cancel"(turn) {
    turn.ignoresCancel = true;
  },
};
