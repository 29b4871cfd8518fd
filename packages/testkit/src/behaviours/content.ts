import { RequestError } from "@agentclientprotocol/sdk";
import { Plan } from "../turn/plan.js";
import type { Behaviours } from "./behaviour.js";

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** Directives that show something. */
export const contentBehaviours: Behaviours<
  "say" | "echo" | "chunks" | "think" | "plan" | "image" | "update" | "session" | "env"
> = {
  say: (turn, { text }) => turn.say(text),

  async echo(turn) {
    if (turn.text !== "") await turn.say(turn.text);
    for (const block of turn.prompt) {
      if (block.type !== "text") await turn.show(block);
    }
  },

  async chunks(turn, { count, delayMs = 0 }) {
    for (let index = 1; index <= count; index += 1) {
      if (index > 1) await turn.pause(delayMs);
      await turn.say(`chunk ${index}\n`);
    }
  },

  think: (turn, { text = "Thinking about it." }) => turn.think(text),

  async plan(turn) {
    const plan = new Plan(turn, ["First step", "Second step", "Third step"]);
    await plan.show();
    for (let step = 0; step < 3; step += 1) await plan.advance();
  },

  image: (turn) => turn.show({ type: "image", mimeType: "image/png", data: pixel }),

  async update(turn, { json }) {
    let update: never;
    try {
      update = JSON.parse(json) as never;
    } catch (error) {
      throw RequestError.invalidParams({ json }, `!update takes JSON: ${(error as Error).message}`);
    }
    await turn.emit(update, { passing: true });
  },

  async session(turn) {
    const { record, mcpServers } = turn.session;
    const { sessionId, cwd, mode, model, turns } = record;
    await turn.say(
      `${JSON.stringify({ pid: process.pid, sessionId, cwd, mode, model, turns, mcpServers })}\n`,
    );
  },

  async env(turn, { variable }) {
    if (variable === undefined) await turn.say(`${Object.keys(process.env).sort().join("\n")}\n`);
    else {
      const value = process.env[variable];
      await turn.say(value === undefined ? `${variable} is not set\n` : `${variable}=${value}\n`);
    }
  },
};
