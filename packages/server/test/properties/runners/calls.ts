import { readdirSync, readFileSync } from "node:fs";
import { type Code, ConnectError } from "@connectrpc/connect";
import { RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import { converse } from "../../rpc/fixture/stratavore.js";
import type { Kind, Real } from "./model.js";

const specs: Record<Exclude<Kind, "external">, { agent: string; args: string[] }> = {
  lives: { agent: "exec", args: ["sleep", "600"] },
  succeeds: { agent: "exec", args: ["true"] },
  fails: { agent: "exec", args: ["sh", "-c", "exit 3"] },
  acp: { agent: "demo", args: [] },
};

/** Calls about runners, as commands make them. */
export const calls = {
  create: ({ opened }: Real, kind: Kind) =>
    opened.runners.createRunner({
      projectName: "web",
      ...(kind === "external" ? { external: true } : { spec: specs[kind] }),
    }),
  stop: ({ opened }: Real, runnerId: string, force: boolean) =>
    opened.runners.stopRunner({ runnerId, force }),
  pause: ({ opened }: Real, runnerId: string, freeze: boolean) =>
    opened.runners.pauseRunner({ runnerId, freeze }),
  resume: ({ opened }: Real, runnerId: string) => opened.runners.resumeRunner({ runnerId }),
  restart: ({ opened }: Real, runnerId: string) => opened.runners.restartRunner({ runnerId }),
  remove: ({ opened }: Real, runnerId: string, force: boolean) =>
    opened.runners.deleteRunner({ runnerId, force }),
  label: ({ opened }: Real, runnerId: string) =>
    opened.runners.updateRunner({ runnerId, metadata: { seen: "yes" } }),
  setTokens: ({ opened }: Real, runnerId: string) =>
    opened.runners.updateRunner({ runnerId, maxTokens: 100 }),
  updateStale: ({ opened }: Real, runnerId: string) =>
    opened.runners.updateRunner({ runnerId, metadata: { seen: "late" }, etag: "stale" }),
  heartbeat: ({ opened }: Real, runnerId: string) => opened.runners.heartbeat({ runnerId }),
  ended: ({ opened }: Real, runnerId: string, exitCode: number) =>
    opened.runners.heartbeat({ runnerId, ended: true, exitCode }),
  stopAll: ({ opened }: Real) => opened.runners.batchStopRunners({ projectName: "web", force: true }),
  limit: ({ opened }: Real, maxConcurrentRunners: number) =>
    opened.projects.updateProject({
      name: "web",
      quota: { maxConcurrentRunners },
      updateMask: { paths: ["quota"] },
    }),
};

/** Says something to a runner's agent, in the session that it has or in a new one, and waits for the answer. */
export async function say({ opened }: Real, runnerId: string): Promise<void> {
  const { runner } = await opened.runners.getRunner({ runnerId });
  const open = async () => (await opened.sessions.createSession({ runnerId })).session!.id;
  await converse(opened, runner!.sessionId || (await open()), "!say so\n!usage 10 5 3 2");
}

/** The code that a call fails with; undefined if it does not. */
export const codeOf = (call: Promise<unknown>): Promise<Code | undefined> =>
  call.then(
    () => undefined,
    (error) => ConnectError.from(error).code,
  );

/** The runner in a state where nothing more is under way. */
export async function settled({ opened }: Real, runnerId: string, kind: Kind): Promise<RunnerStatus> {
  const ended = [RunnerStatus.TERMINATED, RunnerStatus.FAILED];
  const live = [RunnerStatus.RUNNING, RunnerStatus.PAUSED];
  const byKind: Record<Kind, RunnerStatus[]> = {
    lives: [...live, ...ended],
    acp: [...live, ...ended],
    succeeds: ended,
    fails: ended,
    external: [RunnerStatus.STARTING, ...live, ...ended],
  };
  const { runner } = await opened.runners.waitRunner(
    { runnerId, statuses: byKind[kind] },
    { timeoutMs: 30_000 },
  );
  return runner!.status;
}

/** Kills the agent of a runner, or all of its processes with what watches over it, and waits until that is on record. */
export async function kill({ opened }: Real, runnerId: string, all: boolean): Promise<void> {
  const pidNow = async () => (await opened.runners.getRunner({ runnerId })).runner!.pid;
  const pid = await pidNow();
  const victims = pid === 0 ? [] : all ? [-pid] : childrenOf(pid);
  if (!victims.map(killed).includes(true)) return;
  // It may be deleted meanwhile.
  await expect.poll(() => pidNow().catch(() => 0)).not.toBe(pid);
}

/** False if it has just ended by itself. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => parentOf(each) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
