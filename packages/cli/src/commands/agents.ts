import { type Agent, AgentProtocol, ListAgentsResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { styled } from "../output/style.js";
import { type Column, printTable } from "../output/table.js";
import { action } from "../session.js";

const columns: Column<Agent>[] = [
  { title: "AGENT", value: ({ name, isDefault }) => (isDefault ? `${name} (default)` : name) },
  { title: "WHAT", value: ({ title }) => title },
  { title: "PROTOCOL", value: ({ protocol }) => (AgentProtocol[protocol] ?? "").toLowerCase() },
  {
    title: "INSTALLED",
    value: ({ installed }) => (installed ? "yes" : "no"),
    display: ({ installed }) => (installed ? styled("green", "yes") : styled("dim", "no")),
  },
  { title: "WHERE", value: ({ path, missing }) => path || missing },
];

export const agentsCommand = (): Command =>
  new Command("agents")
    .description("list the agents and which of them are installed")
    .option("--versions", "ask each program for its version")
    .action(
      action(async ({ client, out, signal }, { versions = false }: { versions?: boolean }) => {
        const answer = await client.runners.agents({ includeVersions: versions }, { signal });
        if (out.json) out.message(ListAgentsResponseSchema, answer);
        else {
          const version: Column<Agent> = { title: "VERSION", value: (agent) => agent.version };
          printTable(out, versions ? [...columns, version] : columns, answer.agents);
        }
        return 0;
      }),
    );
