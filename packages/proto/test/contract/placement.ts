import type { Contract } from "./contract.js";

/** Where promised types live that no RPC names: moving one breaks generated code, so the places are fixed here. */
const nouns: Record<string, readonly string[]> = {
  daemon: ["DaemonStatus", "ComponentType", "ComponentStatus", "SystemMetrics"],
  error: ["ErrorInfo"],
  event: ["RunnerEvent", "EventType"],
  project: ["Project", "ProjectStatus", "ProjectConfig", "ProjectStatistics"],
  resource: ["ResourceUsage", "ResourceQuota"],
  runner: ["Runner", "RunnerStatus", "RunnerMetrics"],
  session: ["Session", "SessionStatus", "SessionMetadata"],
  transcript: ["TranscriptMessage", "TranscriptFormat"],
};

const snakeCase = (name: string) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
const path = (name: string) => `stratavore/v1/${name}.proto`;

/** File of each type of the contract; throws if the rules give none. */
export function placeTypes(contract: Contract): Map<string, string> {
  const places = new Map<string, string>();
  for (const [noun, names] of Object.entries(nouns)) {
    for (const name of names) places.set(name, path(noun));
  }
  for (const [name, type] of contract) {
    if (type.kind !== "service") continue;
    places.set(name, path(snakeCase(name)));
    for (const rpc of type.members.keys()) {
      places.set(`${rpc}Request`, path(snakeCase(name)));
      places.set(`${rpc}Response`, path(snakeCase(name)));
    }
  }
  const homeless = [...contract.keys()].filter((name) => !places.has(name));
  if (homeless.length > 0) throw new Error(`no file is known for ${homeless.join(", ")}`);
  return places;
}
