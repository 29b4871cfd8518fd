import { recordsIn, textIn } from "../read.js";
import type { AcpState, ModelOption } from "./state.js";

export type ModelChoice =
  | { kind: "as_is" }
  | { kind: "set"; configId: string; value: string }
  | { kind: "impossible"; why: string };

/** What of an agent's offer is kept, in characters: it is stored with each step of the conversation. */
const maxKept = 16_000;
/** A name of a model that is longer is none of use. */
const maxName = 200;
/** Models that a warning names. */
const maxNamed = 20;
/** Sessions of one process whose options are kept; only one is active, and taking up another tells its options anew. */
const maxSessions = 4;

/** The option by which a session's model is chosen, as its configuration options name it. */
export function modelOptionIn(configOptions: unknown): ModelOption | undefined {
  const option = recordsIn(configOptions).find(
    ({ category, type }) => category === "model" && type === "select",
  );
  const configId = textIn(option?.id);
  if (option === undefined || configId === "" || configId.length > maxName) return undefined;
  const models = recordsIn(option.options)
    .flatMap((each) => (Array.isArray(each.options) ? recordsIn(each.options) : [each]))
    .map((each) => ({ value: textIn(each.value), name: textIn(each.name).slice(0, maxName).toWellFormed() }))
    .filter(({ value }) => value !== "" && value.length <= maxName);
  const current = textIn(option.currentValue);
  const kept = withinBounds(models);
  const isCut = kept.length < models.length;
  return {
    configId,
    current: current.length > maxName ? "" : current,
    models: kept,
    ...(isCut && { isCut }),
  };
}

function withinBounds(models: ModelOption["models"]): ModelOption["models"] {
  let kept = 0;
  return models.filter(({ value, name }) => {
    kept += value.length + name.length;
    return kept <= maxKept;
  });
}

/** Keeps what the agent has told of a session's options, if it has told of its model. Gives the model that runs now. */
export function noteModel(state: AcpState, sessionId: string, configOptions: unknown): string {
  const option = modelOptionIn(configOptions);
  if (option === undefined) return "";
  const { [sessionId]: _, ...others } = state.models;
  const kept = Object.entries(others).slice(1 - maxSessions);
  state.models = { ...Object.fromEntries(kept), [sessionId]: option };
  return option.current;
}

function offered(models: ModelOption["models"]): string {
  const some = models.slice(0, maxNamed).map(({ value }) => value);
  const more = models.length - some.length;
  return `${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * How to make a session use a model: an exact option, or the only one whose id or name contains what was asked for.
 * `current` is what the session uses, or will once it has answered what it was asked.
 */
export function chooseModel(
  asked: string,
  option: ModelOption | undefined,
  current = option?.current ?? "",
): ModelChoice {
  if (asked === "" || asked === current) return { kind: "as_is" };
  if (option === undefined) {
    return { kind: "impossible", why: `the agent lets no client choose its model; ${asked} was not applied` };
  }
  const { configId, models } = option;
  const wanted = asked.toLowerCase();
  const exact = models.find(({ value, name }) => value === asked || name.toLowerCase() === wanted);
  const alike = models.filter(
    ({ value, name }) => value.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted),
  );
  const match = exact ?? (alike.length === 1 ? alike[0] : undefined);
  // The agent may know it all the same, and says so.
  if (match === undefined && option.isCut) return { kind: "set", configId, value: asked };
  if (match === undefined) {
    return { kind: "impossible", why: `the agent offers no model ${asked}; it offers ${offered(models)}` };
  }
  return match.value === current ? { kind: "as_is" } : { kind: "set", configId, value: match.value };
}
