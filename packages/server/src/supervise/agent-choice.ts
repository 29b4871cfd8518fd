import type { AgentProfile } from "../agents/index.js";
import { DomainError, failedPrecondition } from "../domain/errors.js";
import { DriverError } from "../drivers/driver-error.js";
import { resolveProgram } from "../drivers/resolve.js";

/** The profiles that runners can be made of, by name. */
export class AgentCatalog {
  readonly #profiles: Map<string, AgentProfile>;

  constructor(
    profiles: readonly AgentProfile[],
    readonly defaultAgent: string,
  ) {
    this.#profiles = new Map(profiles.map((profile) => [profile.name, profile]));
    if (defaultAgent !== "" && !this.#profiles.has(defaultAgent)) {
      throw new DomainError(
        "invalid_argument",
        "AGENT_UNKNOWN",
        `the default agent "${defaultAgent}" has no profile; there are ${[...this.#profiles.keys()].join(", ")}`,
      );
    }
  }

  all(): AgentProfile[] {
    return [...this.#profiles.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  byName(name: string): AgentProfile | undefined {
    return this.#profiles.get(name);
  }

  /**
   * The profile that the first name given means; `exec` and `demo` are never chosen in silence.
   *
   * @throws DomainError failed_precondition that lists what is installed, or invalid_argument for an unknown name
   */
  async choose(names: readonly string[], environment: NodeJS.ProcessEnv): Promise<AgentProfile> {
    const name = [...names, this.defaultAgent].find((each) => each !== "");
    if (name === undefined) {
      const installed = await this.installed(environment);
      throw failedPrecondition(
        "AGENT_NOT_CHOSEN",
        `no agent was chosen: name one in spec.agent, in the project's config, or as the daemon's default. Installed here: ${installed.join(", ")}`,
        { installed: installed.join(",") },
      );
    }
    const profile = this.#profiles.get(name);
    if (profile !== undefined) return profile;
    throw new DomainError(
      "invalid_argument",
      "AGENT_UNKNOWN",
      `spec.agent: there is no agent "${name}"; there are ${[...this.#profiles.keys()].sort().join(", ")}`,
      { fields: [{ field: "spec.agent", description: "unknown agent" }] },
    );
  }

  async installed(environment: NodeJS.ProcessEnv): Promise<string[]> {
    const found = await Promise.all(
      this.all().map(async (profile) =>
        (await locate(profile, environment)) === null ? [] : [profile.name],
      ),
    );
    return found.flat();
  }
}

/** Where a profile's program is; null if it is not installed, and the empty text for `exec`, which has none. */
export async function locate(profile: AgentProfile, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const [program] = profile.command;
  if (program === undefined) return "";
  try {
    return await resolveProgram(program, { path: environment.PATH ?? "", cwd: "/" });
  } catch {
    return null;
  }
}

/**
 * The program of a command as an absolute path.
 *
 * @throws DomainError failed_precondition when there is none, or it cannot be run
 */
export async function resolveCommand(
  name: string,
  path: string,
  cwd: string,
  install?: string,
): Promise<string> {
  try {
    return await resolveProgram(name, { path, cwd });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    const hint = install === undefined ? "" : ` Install it: ${install}.`;
    throw failedPrecondition("AGENT_PROGRAM", `${error.message}${hint}`, { program: name });
  }
}
