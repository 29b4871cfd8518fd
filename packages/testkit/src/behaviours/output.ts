import type { Behaviours } from "./behaviour.js";

const piece = 16_384;
const notUtf8 = Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0xf0, 0x9f);

/** Directives that strain whoever reads; none of this is kept for replay. */
export const outputBehaviours: Behaviours<"flood" | "line" | "garbage" | "invalid-utf8" | "stderr" | "torn"> =
  {
    async flood(turn, { bytes }) {
      for (let sent = 0, index = 1; sent < bytes; index += 1) {
        const text = `flood ${index} `.padEnd(Math.min(piece, bytes - sent), "x").concat("\n");
        await turn.say(text, { passing: true });
        sent += text.length;
      }
    },

    line: (turn, { bytes }) => turn.say("x".repeat(bytes), { passing: true }),

    garbage: (turn, { text = "this line is not JSON" }) => turn.host.writeRaw(`${text}\n`),

    async "invalid-utf8"(turn) {
      const [head = "", tail = ""] = message(turn.session.record.sessionId, "bad \u0001 bytes").split(
        "\\u0001",
      );
      await turn.host.writeRaw(Buffer.concat([Buffer.from(head), notUtf8, Buffer.from(`${tail}\n`)]));
    },

    stderr: (_turn, { text }) => new Promise((resolve) => process.stderr.write(`${text}\n`, () => resolve())),

    async torn(turn) {
      const whole = message(turn.session.record.sessionId, "this message is torn in the middle");
      await turn.host.writeRaw(whole.slice(0, -20));
      turn.host.exit(1);
    },
  };

function message(sessionId: string, text: string): string {
  const update = { sessionUpdate: "agent_message_chunk", content: { type: "text", text } };
  return JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: { sessionId, update } });
}
