import { Code } from "@connectrpc/connect";
import { RunnerStatus } from "@stratavore/proto";
import type { AsyncCommand } from "fast-check";
import { expect } from "vitest";
import { calls, codeOf, settled } from "./calls.js";
import { consistent } from "./invariants.js";
import { begin, isLive, type Kind, type Model, type Real } from "./model.js";
import { Record } from "./record.js";
import { type Outcome, type VerbName, verbs } from "./verbs.js";

type Command = AsyncCommand<Model, Real>;

/** Makes a call that is to have an outcome, and looks whether all fits then. What is refused leaves no event. */
async function expectOutcome(model: Model, real: Real, outcome: Outcome, call: () => Promise<unknown>) {
  const before = (await Record.read(real.opened)).events;
  const code = await codeOf(call());
  const refusal = typeof outcome === "function" ? undefined : outcome;
  expect(nameOf(code)).toBe(nameOf(refusal));
  if (typeof outcome === "function") outcome();
  const { events } = await consistent(model, real);
  if (refusal !== undefined) expect(events, "events with a refusal").toBe(before);
}

const nameOf = (code: Code | undefined) => (code === undefined ? "OK" : Code[code]);

export class Create implements Command {
  constructor(readonly kind: Kind) {}

  check = () => true;
  toString = () => `create: ${this.kind}`;

  async run(model: Model, real: Real): Promise<void> {
    const runner = newRunner(this.kind);
    const record = () => {
      model.runners.push(runner);
      begin(runner);
    };
    await expectOutcome(model, real, model.hasRoom() ? record : Code.ResourceExhausted, async () => {
      const { runner } = await calls.create(real, this.kind);
      expect(runner!.status).toBe(RunnerStatus.STARTING);
      real.ids.push(runner!.id);
      await settled(real, runner!.id, this.kind);
    });
  }
}

export const newRunner = (kind: Kind) => ({
  kind,
  status: RunnerStatus.STARTING,
  incarnation: 1,
  started: 0,
  exists: true,
});

/** Does something to one of the runners for which it is `promised`, or to one for which it is not. */
export class Do implements Command {
  constructor(
    readonly verb: VerbName,
    readonly promised: boolean,
    readonly place: number,
  ) {}

  check = (model: Model) => this.#candidates(model).length > 0;
  toString = () => `${this.verb}${this.promised ? "" : " in vain"}: ${this.place}`;

  async run(model: Model, real: Real): Promise<void> {
    const candidates = this.#candidates(model);
    const { index, outcome } = candidates[this.place % candidates.length]!;
    const runner = model.runners[index]!;
    const id = real.ids[index]!;
    await expectOutcome(model, real, outcome, async () => {
      await verbs[this.verb].call(real, id, runner);
      if (typeof outcome !== "function") return;
      if (!this.verb.includes("delete")) await settled(real, id, runner.kind);
    });
  }

  /** The newest first. */
  #candidates(model: Model): { index: number; outcome: Outcome }[] {
    return model.runners
      .flatMap((runner, index) => {
        const outcome = runner.exists ? verbs[this.verb].outcome(runner, model) : Code.NotFound;
        return outcome === undefined ? [] : [{ index, outcome }];
      })
      .filter(({ outcome }) => (typeof outcome === "function") === this.promised)
      .reverse();
  }
}

export class StopAll implements Command {
  check = () => true;
  toString = () => "stop all";

  async run(model: Model, real: Real): Promise<void> {
    const stopped = () => {
      for (const runner of model.runners) if (isLive(runner.status)) runner.status = RunnerStatus.TERMINATED;
    };
    await expectOutcome(model, real, stopped, () => calls.stopAll(real));
  }
}

/** The daemon ends and another one begins, which its runners do not notice. */
export class Reopen implements Command {
  check = ({ runners }: Model) => runners.length > 0;
  toString = () => "reopen";

  async run(model: Model, real: Real): Promise<void> {
    real.opened = await real.reopen();
    await consistent(model, real);
  }
}

export class Limit implements Command {
  constructor(readonly limit: number) {}

  check = () => true;
  toString = () => `limit: ${this.limit}`;

  async run(model: Model, real: Real): Promise<void> {
    const limited = () => {
      model.quota = this.limit;
    };
    await expectOutcome(model, real, limited, () => calls.limit(real, this.limit));
  }
}
