import type { DirectiveArguments, DirectiveName } from "../directives/catalogue.js";
import type { Turn } from "../turn/turn.js";

/** What a directive does to a turn. */
export type Behaviour<N extends DirectiveName> = (
  turn: Turn,
  args: DirectiveArguments<N>,
) => void | Promise<void>;

/** A behaviour for each of the named directives. */
export type Behaviours<N extends DirectiveName> = { readonly [Name in N]: Behaviour<Name> };
