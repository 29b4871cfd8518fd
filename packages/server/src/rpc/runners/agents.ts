import type { MessageInitShape } from "@bufbuild/protobuf";
import { AgentProtocol, type ListAgentsRequest, type ListAgentsResponseSchema } from "@stratavore/proto";
import { locate } from "../../supervise/agent-choice.js";
import { agentVersion } from "../../supervise/agent-version.js";
import type { Services } from "../services.js";

const protocols = {
  acp: AgentProtocol.ACP,
  claude: AgentProtocol.CLAUDE,
  exec: AgentProtocol.EXEC,
} as const;

/** Agent profiles, and what of them this machine has. */
export async function listAgents(
  { supervisor }: Services,
  { includeVersions }: ListAgentsRequest,
): Promise<MessageInitShape<typeof ListAgentsResponseSchema>> {
  const { environment, agents } = supervisor.options;
  const found = await Promise.all(
    agents.all().map(async (profile) => {
      const path = await locate(profile, environment);
      const installed = path !== null;
      return {
        name: profile.name,
        title: profile.title,
        protocol: protocols[profile.protocol],
        command: profile.command.join(" "),
        installed,
        path: path ?? "",
        version: includeVersions && path ? await agentVersion(path, environment) : "",
        missing: installed ? "" : `${profile.command[0]} is not on PATH; ${profile.install ?? "install it"}`,
        isDefault: profile.name === agents.defaultAgent,
      };
    }),
  );
  return { agents: found };
}
