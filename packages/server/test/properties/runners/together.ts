import { Code } from "@connectrpc/connect";
import type { AsyncCommand } from "fast-check";
import { expect } from "vitest";
import { calls, codeOf, settled } from "./calls.js";
import { newRunner } from "./commands.js";
import { consistent } from "./invariants.js";
import type { Kind, Model, Real } from "./model.js";
import { Record } from "./record.js";
import { type QuickVerb, verbs } from "./verbs.js";

/** One of the calls that are made at the same time. */
export type Part = { create: Kind } | { place: number; verb: QuickVerb };

/** What can come of calls that get in each other's way. */
const fair: readonly (Code | undefined)[] = [
  undefined,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.ResourceExhausted,
  Code.Aborted,
];

/**
 * Several calls at once. Which of them is first is open, so that the model takes what came of it from the log; that all
 * of it was legal, and told the same everywhere, is checked as ever.
 */
export class Together implements AsyncCommand<Model, Real> {
  constructor(readonly parts: readonly Part[]) {}

  check = () => true;
  toString = () =>
    `together: ${this.parts.map((part) => ("create" in part ? `create ${part.create}` : `${part.verb} ${part.place}`)).join(", ")}`;

  async run(model: Model, real: Real): Promise<void> {
    const made = new Map<string, Kind>();
    const codes = await Promise.all(this.parts.map((part) => codeOf(this.#call(part, model, real, made))));
    for (const code of codes) expect(fair, code === undefined ? "" : Code[code]).toContain(code);
    const known = real.ids.map((id, index) => [id, model.runners[index]!.kind] as const);
    for (const [id, kind] of [...known, ...made]) await settled(real, id, kind).catch(unlessDeleted);
    this.#adjust(model, real, await Record.read(real.opened), made);
    await consistent(model, real);
  }

  async #call(part: Part, model: Model, real: Real, made: Map<string, Kind>): Promise<unknown> {
    if ("create" in part) {
      const { runner } = await calls.create(real, part.create);
      return made.set(runner!.id, part.create);
    }
    if (model.runners.length === 0) return undefined;
    const index = part.place % model.runners.length;
    return await verbs[part.verb].call(real, real.ids[index]!, model.runners[index]!);
  }

  #adjust(model: Model, real: Real, { runners }: Record, made: ReadonlyMap<string, Kind>): void {
    for (const id of runners.keys()) {
      const kind = made.get(id);
      if (kind === undefined) continue;
      real.ids.push(id);
      model.runners.push(newRunner(kind));
    }
    for (const [index, runner] of model.runners.entries()) {
      const told = runners.get(real.ids[index]!);
      runner.exists = told !== undefined;
      if (told === undefined) continue;
      Object.assign(runner, {
        status: told.status,
        incarnation: told.incarnation,
        started: told.started.length,
      });
    }
  }
}

async function unlessDeleted(error: unknown): Promise<void> {
  expect(await codeOf(Promise.reject(error))).toBe(Code.NotFound);
}
