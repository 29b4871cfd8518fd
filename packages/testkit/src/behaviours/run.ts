import type { DirectiveName } from "../directives/catalogue.js";
import type { Directive } from "../directives/parse.js";
import type { Turn } from "../turn/turn.js";
import type { Behaviour, Behaviours } from "./behaviour.js";
import { contentBehaviours } from "./content.js";
import { flowBehaviours } from "./flow.js";
import { outputBehaviours } from "./output.js";
import { processBehaviours } from "./process.js";
import { resourceBehaviours } from "./resources.js";
import { toolBehaviours } from "./tools.js";

const behaviours: Behaviours<DirectiveName> = {
  ...contentBehaviours,
  ...toolBehaviours,
  ...flowBehaviours,
  ...outputBehaviours,
  ...processBehaviours,
  ...resourceBehaviours,
};

/** Does what the directives say, in their order. */
export async function runDirectives(turn: Turn, directives: readonly Directive[]): Promise<void> {
  for (const directive of directives) {
    turn.signal.throwIfAborted();
    await run(turn, directive);
  }
}

async function run<N extends DirectiveName>(turn: Turn, directive: Directive<N>): Promise<void> {
  const behaviour: Behaviour<N> = behaviours[directive.name];
  await behaviour(turn, directive.args);
}
