import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Behaviours } from "./behaviour.js";

const sliceMs = 10;

/** Holds the memory until its input ends, which it does with the agent. */
const holder = `
  const held = Buffer.alloc(Number(process.argv[1]) * 2 ** 20, 1);
  process.stdin.on("end", () => process.exit(held.length < 0 ? 1 : 0)).resume();
  process.stdout.write("held");`;

let holding: ChildProcess | undefined;

/** Directives that use up what a machine has. */
export const resourceBehaviours: Behaviours<"allocate" | "spin"> = {
  async allocate(_turn, { mib }) {
    const before = holding;
    holding = undefined;
    if (before !== undefined && before.exitCode === null) {
      before.stdin?.end();
      await once(before, "exit");
    }
    if (mib === 0) return;
    const child = spawn(process.execPath, ["-e", holder, String(mib)], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    holding = child;
    const ended = once(child, "exit").then(() => Promise.reject(new Error(`${mib} MiB could not be had`)));
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout, "data"), ended]);
  },

  async spin(turn, { ms }) {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      const slice = performance.now() + sliceMs;
      while (performance.now() < slice);
      await setImmediate();
      turn.signal.throwIfAborted();
    }
  },
};
