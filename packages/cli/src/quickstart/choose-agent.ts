import { createInterface } from "node:readline/promises";
import { AgentProtocol, type StratavoreClient } from "@stratavore/client/node";
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
    const known = agents.filter(({ installed }) => !installed).map(({ name }) => name);
    live.line(
      `\nReal agents on PATH: none of ${known.join(", ")}; \`npx stratavore agents\` says how to get them`,
    );
    return scripted;
  }
  live.line(`\nReal agents on PATH: ${real.map(({ name, path }) => `${name} (${path})`).join(", ")}`);
  const offered = real.filter(({ protocol }) => protocol === AgentProtocol.ACP).map(({ name }) => name);
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
