import type { McpServer } from "@agentclientprotocol/sdk";
import type { McpServerSpec } from "../adapter.js";

const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([name, value]) => ({ name, value }));

/** Servers over HTTP are left out for agents that do not take them. */
export function mcpServersOf(servers: readonly McpServerSpec[], http: boolean): McpServer[] {
  return servers.flatMap(({ name, command, url, environment, headers }): McpServer[] => {
    if (command !== undefined && command.length > 0) {
      return [{ name, command: command[0]!, args: command.slice(1), env: pairs(environment) }];
    }
    if (url === undefined || !http) return [];
    return [{ type: "http", name, url, headers: pairs(headers) }];
  });
}
