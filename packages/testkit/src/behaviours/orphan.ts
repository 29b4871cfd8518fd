import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const inherits = 'sleep "$1" </dev/null >/dev/null 2>&1 & echo "$!"';
const clean = 'env -i sleep "$1" </dev/null >/dev/null 2>&1 & echo "$!"';

/**
 * Starts a sleep that is no child of this process and in another session and process group; its pid.
 *
 * The shell between leads that session and ends at once, which leaves the sleep to init.
 *
 * @param cleanEnvironment starts it with no environment at all.
 */
export async function leaveOrphan(seconds: number, cleanEnvironment: boolean): Promise<number> {
  const shell = spawn("/bin/sh", ["-c", cleanEnvironment ? clean : inherits, "sh", String(seconds)], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [output] = await Promise.all([text(shell.stdout), once(shell, "close")]);
  return Number(output);
}
