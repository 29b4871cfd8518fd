import type { SessionConfigOption, SessionModeState } from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import type { Script } from "../script/script.js";
import type { SessionRecord } from "./record.js";

/** The mode in which the demo stops after its plan. */
export const planMode = "plan";
/** The model that streams without pauses. */
export const fastModel = "demo-fast";

const modes = [
  { id: "demo", name: "Demo", description: "Plans, looks around and answers." },
  { id: planMode, name: "Plan only", description: "Stops after the plan." },
];

const demoModels = [
  { value: "demo", name: "Demo (a script, paced like a model)" },
  { value: fastModel, name: "Demo, fast (the same script without pauses)" },
];

/** The settings of a session, as its script offers them. */
export class Settings {
  readonly #script: Script;
  readonly #models: readonly { value: string; name: string }[];

  constructor(script: Script) {
    this.#script = script;
    this.#models = script.models ?? demoModels;
  }

  get defaults(): { mode: string; model: string } {
    return { mode: modes[0]!.id, model: this.#models[0]!.value };
  }

  /** What new, load and resume tell about the settings. */
  describe(record: SessionRecord): { modes?: SessionModeState; configOptions?: SessionConfigOption[] } {
    const offered = this.#script.capabilities ?? {};
    return {
      ...(offered.modes !== false && {
        modes: { currentModeId: record.mode, availableModes: structuredClone(modes) },
      }),
      ...(offered.configOptions !== false && { configOptions: this.configOptions(record) }),
    };
  }

  /** The mode is also an option, for clients that know only options. */
  configOptions(record: SessionRecord): SessionConfigOption[] {
    const model: SessionConfigOption = {
      id: "model",
      name: "Model",
      category: "model",
      type: "select",
      currentValue: record.model,
      options: this.#models.map(({ value, name }) => ({ value, name })),
    };
    if (this.#script.capabilities?.modes === false) return [model];
    const mode: SessionConfigOption = {
      id: "mode",
      name: "Mode",
      category: "mode",
      type: "select",
      currentValue: record.mode,
      options: modes.map(({ id, name, description }) => ({ value: id, name, description })),
    };
    return [mode, model];
  }

  /** Throws an invalid-params error when there is no such mode. */
  setMode(record: SessionRecord, id: string): void {
    record.mode = known(
      "mode",
      id,
      modes.map((mode) => mode.id),
    );
  }

  /** Throws an invalid-params error when there is no such option or value. */
  setOption(record: SessionRecord, id: string, value: unknown): void {
    const option = known(
      "option",
      id,
      this.configOptions(record).map((each) => each.id),
    );
    if (option === "mode") this.setMode(record, String(value));
    else
      record.model = known(
        "model",
        value,
        this.#models.map((model) => model.value),
      );
  }
}

function known(what: string, value: unknown, values: string[]): string {
  if (typeof value === "string" && values.includes(value)) return value;
  throw RequestError.invalidParams(
    { value, known: values },
    `no ${what} ${JSON.stringify(value)}; there is ${values.join(", ")}`,
  );
}
