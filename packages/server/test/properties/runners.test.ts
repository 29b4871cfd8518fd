import fc from "fast-check";
import { test } from "vitest";
import { onFreshServer } from "./fresh.js";
import { Create, Do, Limit, StopAll } from "./runners/commands.js";
import { kinds, Model } from "./runners/model.js";
import { type Part, Together } from "./runners/together.js";
import { type VerbName, verbs } from "./runners/verbs.js";
import { propertyRuns } from "./runs.js";

const kind = fc.constantFrom(...kinds);
const place = fc.nat({ max: 3 });
const verb = fc.constantFrom(...(Object.keys(verbs) as VerbName[]));
/** What moves a runner from state to state, which is mostly what is to be tried. */
const move = fc.constantFrom<VerbName>("stop", "pause", "freeze", "resume", "resume", "restart", "restart");

const create = kind.map((each) => new Create(each));
const act = fc.tuple(verb, place).map(([what, where]) => new Do(what, true, where));
const moved = fc.tuple(move, place).map(([what, where]) => new Do(what, true, where));
const inVain = fc.tuple(verb, place).map(([what, where]) => new Do(what, false, where));
// What is frozen would never come to the end that it has before it.
const thawed = verb.filter((name): name is Exclude<VerbName, "freeze"> => name !== "freeze");
const part: fc.Arbitrary<Part> = fc.oneof(fc.record({ create: kind }), fc.record({ place, verb: thawed }));
const together = fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => new Together(parts));
const limit = fc.nat({ max: 3 }).map((most) => new Limit(most));
const stopAll = fc.constant(new StopAll());

// Drawn evenly: what stands here more often comes more often. What has no runner to be done to is left out of a run.
const often = [
  create,
  create,
  create,
  create,
  act,
  act,
  act,
  moved,
  moved,
  moved,
  moved,
  inVain,
  inVain,
  together,
  together,
];
const commands = fc.commands([...often, limit, stopAll], { maxCommands: 16, size: "max" });

test("any commands keep the state machine, the counters and the event log consistent", async () => {
  const property = fc.asyncProperty(commands, (sequence) =>
    onFreshServer((opened) =>
      fc.asyncModelRun(() => ({ model: new Model(), real: { opened, ids: [] } }), sequence),
    ),
  );
  await fc.assert(property, propertyRuns(12, 20_000));
});
