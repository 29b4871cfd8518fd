import { agentEnvironment, agentProgram } from "@stratavore/testkit";
import type { AgentProfile } from "./profiles.js";

/** The scripted agent: it costs nothing, needs no network and always works, and is never chosen in silence. */
export function demoProfile(sessionsFolder: string | null): AgentProfile {
  return {
    name: "demo",
    title: "Scripted demo agent",
    protocol: "acp",
    command: [agentProgram.command, ...agentProgram.args],
    environment: sessionsFolder === null ? {} : agentEnvironment({ dir: sessionsFolder }),
    inherit: ["STRATAVORE_TESTKIT_*"],
  };
}
