import { createInterface } from "node:readline/promises";
import { type Agent, AgentProtocol, type StratavoreClient } from "@stratavore/client/node";
import type { LiveText } from "../output/live-text.js";
import { styled } from "../output/style.js";

const scripted = "demo";

/**
 * Tells which real agents are installed and, with `ask`, lets a person take one of them. Nobody is asked, and nothing
 * but the demo agent runs, where there is no terminal.
 */
export async function chooseAgent(
  client: StratavoreClient,
  live: LiveText,
  { ask, signal }: { ask: boolean; signal: AbortSignal },
): Promise<string> {
  const { agents } = await client.runners.agents({}, { signal });
  const real = agents.filter(({ name, installed }) => installed && name !== scripted && name !== "exec");
  if (real.length === 0) {
    live.line(`\nReal agents on PATH: none. ${hint(agents)}`);
    return scripted;
  }
  live.line(`\nReal agents on PATH: ${real.map(({ name, path }) => `${name} (${path})`).join(", ")}`);
  const offered = real.filter(({ protocol }) => protocol === AgentProtocol.ACP).map(({ name }) => name);
  if (offered.length < real.length) live.line(hint(agents.filter(({ name }) => name === "claude-acp")));
  if (!ask || offered.length === 0) return scripted;
  const readline = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const question = `Run the task with one of them instead? That can cost money. ${styled("bold", `[${offered.join("/")}/N]`)} `;
    const answer = (await readline.question(question, { signal })).trim();
    return offered.find((name) => name === answer) ?? scripted;
  } finally {
    readline.close();
  }
}

/** How to get agents that are not installed. */
const hint = (agents: readonly Agent[]) => {
  const missing = agents.filter(({ installed }) => !installed).map(({ missing }) => missing);
  return missing.length === 0 ? "" : `To get one: ${missing.join("; ")}`;
};
