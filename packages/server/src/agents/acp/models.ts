import { recordsIn, textIn } from "./read.js";

export type ModelChoice =
  | { kind: "as_is" }
  | { kind: "set"; configId: string; value: string }
  | { kind: "impossible"; why: string };

const modelOption = (options: unknown) =>
  recordsIn(options).find(({ category, type }) => category === "model" && type === "select");

/** The model that a session's configuration options name; empty if they name none. */
export const currentModel = (options: unknown): string => textIn(modelOption(options)?.currentValue);

/** How to make a session use a model: an exact option, or the only one whose id or name contains what was asked for. */
export function chooseModel(asked: string, options: unknown): ModelChoice {
  if (asked === "" || asked === currentModel(options)) return { kind: "as_is" };
  const option = modelOption(options);
  if (option === undefined) {
    return { kind: "impossible", why: `the agent lets no client choose its model; ${asked} was not applied` };
  }
  const values = recordsIn(option.options)
    .flatMap((each) => (Array.isArray(each.options) ? recordsIn(each.options) : [each]))
    .map((each) => ({ value: textIn(each.value), name: textIn(each.name).toLowerCase() }));
  const wanted = asked.toLowerCase();
  const exact = values.find(({ value, name }) => value === asked || name === wanted);
  const alike = values.filter(
    ({ value, name }) => value.toLowerCase().includes(wanted) || name.includes(wanted),
  );
  const match = exact ?? (alike.length === 1 ? alike[0] : undefined);
  if (match === undefined) {
    const offered = values.map(({ value }) => value).join(", ");
    return { kind: "impossible", why: `the agent offers no model ${asked}; it offers ${offered}` };
  }
  if (match.value === option.currentValue) return { kind: "as_is" };
  return { kind: "set", configId: textIn(option.id), value: match.value };
}
