import fc, { type AsyncCommand } from "fast-check";
import { test } from "vitest";
import { onFreshServer } from "./fresh.js";
import { Create, Do, Limit, Reopen, StopAll } from "./runners/commands.js";
import { kinds, Model, type Real } from "./runners/model.js";
import { type Part, Together } from "./runners/together.js";
import { quick, type VerbName, verbs } from "./runners/verbs.js";
import { holds } from "./runs.js";

const kind = fc.constantFrom(...kinds);
const place = fc.nat({ max: 3 });
const verb = fc.constantFrom(...(Object.keys(verbs) as VerbName[]));
/** What moves a runner from state to state, which is mostly what is to be tried. */
const move = fc.constantFrom<VerbName>(
  "stop",
  "pause",
  "freeze",
  "resume",
  "resume",
  "restart",
  "restart",
  "say",
);

const create = kind.map((each) => new Create(each));
const act = fc.tuple(verb, place).map(([what, where]) => new Do(what, true, where));
const moved = fc.tuple(move, place).map(([what, where]) => new Do(what, true, where));
const inVain = fc.tuple(verb, place).map(([what, where]) => new Do(what, false, where));
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ create: kind }),
  fc.record({ place, verb: verb.filter(quick) }),
);
const together = fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => new Together(parts));
const limit = fc.nat({ max: 3 }).map((most) => new Limit(most));
const reopen = fc.constant(new Reopen());
const stopAll = fc.constant(new StopAll());

// Drawn evenly: what stands here more often comes more often. What has no runner to be done to is left out of a run.
const commandsOf = (weights: [number, fc.Arbitrary<AsyncCommand<Model, Real>>][]) =>
  weights.flatMap(([weight, command]) => Array<typeof command>(weight).fill(command));
const commands = fc.commands(
  commandsOf([
    [4, create],
    [3, act],
    [4, moved],
    [2, inVain],
    [2, together],
    [1, limit],
    [1, reopen],
    [1, stopAll],
  ]),
  { maxCommands: 16, size: "max" },
);

test("any commands keep the state machine, the counters and the event log consistent", () =>
  holds({ runs: 12, withinMs: 18_000 }, commands, (sequence) =>
    onFreshServer((opened, reopen) =>
      fc.asyncModelRun(() => ({ model: new Model(), real: { opened, reopen, ids: [] } }), sequence),
    ),
  ));
