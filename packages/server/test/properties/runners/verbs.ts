import { Code } from "@connectrpc/connect";
import { RunnerStatus } from "@stratavore/proto";
import { calls, kill, say } from "./calls.js";
import { begin, isLive, type Model, type ModelRunner, type Real } from "./model.js";

const { STARTING, RUNNING, PAUSED, TERMINATED, FAILED } = RunnerStatus;

/** What the design promises of a call: the code of its refusal, or what it makes of the runner. */
export type Outcome = Code | (() => void);

/** Something that can be done to a runner. */
export interface Verb {
  /** For a runner that is on record; undefined: nothing to try here. */
  outcome: (runner: ModelRunner, model: Model) => Outcome | undefined;
  call: (real: Real, id: string, runner: Pick<ModelRunner, "kind">) => Promise<unknown>;
}

const nothing = () => {};

const becomes = (runner: ModelRunner, status: RunnerStatus) => () => {
  runner.status = status;
};

const stop = (force: boolean): Verb => ({
  outcome: (runner) => (isLive(runner.status) ? becomes(runner, TERMINATED) : nothing),
  // The owner of an external runner says nothing here, and is not waited for.
  call: (real, id, { kind }) => calls.stop(real, id, force || kind === "external"),
});

const pause = (freeze: boolean): Verb => ({
  outcome: (runner) =>
    runner.status !== RUNNING || (freeze && runner.kind === "external")
      ? Code.FailedPrecondition
      : becomes(runner, PAUSED),
  call: (real, id) => calls.pause(real, id, freeze),
});

const resume: Verb = {
  outcome: (runner) => (runner.status === PAUSED ? becomes(runner, RUNNING) : Code.FailedPrecondition),
  call: (real, id) => calls.resume(real, id),
};

const restart: Verb = {
  outcome(runner, model) {
    if (runner.kind === "external") return Code.FailedPrecondition;
    if (!model.hasRoom(isLive(runner.status) ? 1 : 0)) return Code.ResourceExhausted;
    return () => {
      runner.incarnation++;
      begin(runner);
    };
  },
  call: (real, id) => calls.restart(real, id),
};

const remove = (force: boolean): Verb => ({
  outcome: (runner) =>
    isLive(runner.status) && (!force || runner.kind === "external")
      ? Code.FailedPrecondition
      : () => {
          runner.exists = false;
        },
  call: (real, id, { kind }) => calls.remove(real, id, force && kind !== "external"),
});

const heartbeat: Verb = {
  outcome(runner) {
    if (runner.kind !== "external" || !isLive(runner.status)) return Code.FailedPrecondition;
    if (runner.status !== STARTING) return nothing;
    return () => {
      runner.started++;
      runner.status = RUNNING;
    };
  },
  call: (real, id) => calls.heartbeat(real, id),
};

const ownerSaysEnded = (exitCode: number): Verb => ({
  outcome(runner) {
    if (runner.kind !== "external") return Code.FailedPrecondition;
    if (!isLive(runner.status)) return nothing;
    return () => {
      if (runner.status === STARTING && exitCode === 0) runner.started++;
      runner.status = exitCode === 0 ? TERMINATED : FAILED;
    };
  },
  call: (real, id) => calls.ended(real, id, exitCode),
});

const killed = (all: boolean): Verb => ({
  outcome: (runner) =>
    runner.kind !== "external" && isLive(runner.status) ? becomes(runner, FAILED) : nothing,
  call: (real, id) => kill(real, id, all),
});

const talk: Verb = {
  // Only to the agent that answers; who else has a session is not the question here.
  outcome: ({ kind, status }) => (kind === "acp" && status === RUNNING ? nothing : undefined),
  call: say,
};

export const verbs = {
  stop: stop(false),
  "stop by force": stop(true),
  pause: pause(false),
  freeze: pause(true),
  resume,
  restart,
  delete: remove(false),
  "stop and delete": remove(true),
  label: { outcome: () => nothing, call: calls.label },
  say: talk,
  "set tokens": {
    outcome: ({ status }) => (isLive(status) ? nothing : Code.FailedPrecondition),
    call: calls.setTokens,
  },
  "update as it was": { outcome: () => Code.Aborted, call: calls.updateStale },
  heartbeat,
  "owner: it succeeded": ownerSaysEnded(0),
  "owner: it failed": ownerSaysEnded(1),
  "kill the agent": killed(false),
  "kill all of it": killed(true),
} satisfies { [name: string]: Verb };

export type VerbName = keyof typeof verbs;

/** What is over with its answer, so that it can be done with others at the same time: neither a turn nor a freeze. */
export type QuickVerb = Exclude<VerbName, "freeze" | "say">;

export const quick = (name: VerbName): name is QuickVerb => name !== "freeze" && name !== "say";
