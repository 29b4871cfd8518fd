import { recordsIn, textIn } from "../read.js";

/** Models that are kept of what Claude Code offers, and the length of a name that is none of use. */
const maxModels = 64;
const maxName = 200;

const retired = /^claude-3(?:[.-]\d)?-(opus|sonnet|haiku)(?:-|$)/;

/** A model as Claude Code takes it today, and what its user should know if that is not what was asked for. */
export function currentModel(asked: string): { model: string; warning?: string } {
  const family = retired.exec(asked)?.[1];
  if (family === undefined) return { model: asked };
  return { model: family, warning: `the model ${asked} is retired; Claude Code runs its current ${family}` };
}

/** What Claude Code calls a model, and the model that this means. */
export interface OfferedModel {
  name: string;
  means: string;
}

export const modelsIn = (models: unknown): OfferedModel[] =>
  recordsIn(models)
    .map(({ value, resolvedModel }) => ({ name: modelIn(value), means: modelIn(resolvedModel) }))
    .filter(({ name, means }) => name !== "" && means !== "")
    .slice(0, maxModels);

/** The full name of a model; of one that is not offered, the name that was given. */
export function meaningOf(offered: readonly OfferedModel[], model: string): string {
  const name = model === "" ? "default" : model;
  return offered.find((each) => each.name === name)?.means ?? model;
}

/** A model that Claude Code names; empty if it is none. */
export function modelIn(value: unknown): string {
  const name = textIn(value);
  return name.length > maxName || name.startsWith("<") ? "" : name;
}
