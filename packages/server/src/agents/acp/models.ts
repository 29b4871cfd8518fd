import type { SessionConfigOption } from "@agentclientprotocol/sdk";
import { currentModel, modelOption } from "./session-updates.js";

export type ModelChoice =
  | { kind: "as_is" }
  | { kind: "set"; configId: string; value: string }
  | { kind: "impossible"; why: string };

/** How to make a session use a model: an exact option, or the only one whose id or name contains what was asked for. */
export function chooseModel(
  asked: string,
  options: readonly SessionConfigOption[] | null | undefined,
): ModelChoice {
  if (asked === "" || asked === currentModel(options)) return { kind: "as_is" };
  const option = modelOption(options) as Extract<SessionConfigOption, { type: "select" }> | undefined;
  if (option === undefined) {
    return { kind: "impossible", why: `the agent lets no client choose its model; ${asked} was not applied` };
  }
  const values = option.options.flatMap((each) => ("options" in each ? each.options : [each]));
  const wanted = asked.toLowerCase();
  const exact = values.find(({ value, name }) => value === asked || name.toLowerCase() === wanted);
  const alike = values.filter(
    ({ value, name }) => value.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted),
  );
  const match = exact ?? (alike.length === 1 ? alike[0] : undefined);
  if (match === undefined) {
    const offered = values.map(({ value }) => value).join(", ");
    return { kind: "impossible", why: `the agent offers no model ${asked}; it offers ${offered}` };
  }
  if (match.value === option.currentValue) return { kind: "as_is" };
  return { kind: "set", configId: option.id, value: match.value };
}
