import { type ChildProcess, spawn } from "node:child_process";
import { toJsonString } from "@bufbuild/protobuf";
import { type Approval, ApprovalSchema } from "@stratavore/proto";

/** A command that is told what agents ask. */
export interface NotifyOptions {
  /** Program and arguments; no shell. It reads the approval as JSON, as `Approval` is in the API, on its input. */
  readonly command: readonly string[];
  /** Time in ms after which it is ended. Default 10,000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;
const lastWordsMs = 200;
const maxErrorCharacters = 1_000;

/**
 * Runs the command for one approval. Besides the JSON it gets `STRATAVORE_APPROVAL_ID`, `STRATAVORE_PROJECT`,
 * `STRATAVORE_RUNNER_ID`, `STRATAVORE_SESSION_ID` and `STRATAVORE_TURN_ID`.
 *
 * @returns what went wrong; undefined: nothing
 */
export async function runNotify(
  { command, timeoutMs = defaultTimeoutMs }: NotifyOptions,
  approval: Approval,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [program, ...args] = command;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const child = spawn(program!, args, {
    env: { ...environment, ...factsOf(approval) },
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-maxErrorCharacters);
  });
  // It may end, or never begin, without reading.
  child.stdin.on("error", () => {});
  child.stdin.end(`${toJsonString(ApprovalSchema, approval)}\n`);
  child.on("error", ({ message }) => resolve(message));
  child.on("exit", (code, by) => {
    const how = code === null ? `ended by ${by}` : `exit code ${code}`;
    const tell = () => resolve(code === 0 ? undefined : [how, errors.trim()].filter(Boolean).join(": "));
    // Its last words may still be on the way; what it left running would keep their pipe open.
    child.on("close", tell);
    setTimeout(tell, lastWordsMs).unref();
  });
  const timer = setTimeout(() => {
    resolve(`not done after ${timeoutMs} ms`);
    endAll(child);
  }, timeoutMs);
  const onAbort = () => {
    resolve(undefined);
    endAll(child);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    child.stderr.destroy();
    child.unref();
  }
}

const factsOf = ({ id, projectName, runnerId, sessionId, turnId }: Approval) => ({
  STRATAVORE_APPROVAL_ID: id,
  STRATAVORE_PROJECT: projectName,
  STRATAVORE_RUNNER_ID: runnerId,
  STRATAVORE_SESSION_ID: sessionId,
  STRATAVORE_TURN_ID: turnId,
});

function endAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
}
