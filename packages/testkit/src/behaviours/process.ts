import type { Behaviours } from "./behaviour.js";
import { leaveOrphan } from "./orphan.js";

/** Directives that act on the process itself. */
export const processBehaviours: Behaviours<
  "block" | "crash" | "kill" | "exit-after-result" | "ignore-sigterm" | "ignore-eof" | "double-fork"
> = {
  block: (turn) => turn.host.block(),

  crash: (turn, { code = 1 }) => turn.host.exit(code),

  async kill(turn, { signal = "SIGKILL" }) {
    turn.host.kill(signal);
    await turn.hang();
  },

  "exit-after-result": (turn, { code = 0 }) => turn.host.exitAfterAnswer(turn.requestId, code),

  "ignore-sigterm"() {
    process.on("SIGTERM", () => undefined);
  },

  "ignore-eof": (turn) => turn.host.ignoreEndOfInput(),

  async "double-fork"(turn, { seconds = 600, environment }) {
    const pid = await leaveOrphan(seconds, environment === "clean");
    await turn.say(`double-fork: pid ${pid}\n`);
  },
};
