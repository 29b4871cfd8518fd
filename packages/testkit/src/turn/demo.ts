import { planMode } from "../sessions/settings.js";
import { countListing, type Listing } from "./listing.js";
import { Plan } from "./plan.js";
import { listWorkingDirectory } from "./tool-calls.js";
import type { Turn } from "./turn.js";

const projects = [
  ["package.json", "a Node.js project"],
  ["Cargo.toml", "a Rust project"],
  ["go.mod", "a Go project"],
  ["pyproject.toml", "a Python project"],
  ["pom.xml", "a Java project"],
  ["Gemfile", "a Ruby project"],
] as const;

/** Answers a prompt without directives: thinks, plans, looks around, and says that it is a script. */
export async function runDemo(turn: Turn): Promise<void> {
  const { record } = turn.session;
  const asked = quote(turn.text);
  await stream(
    turn,
    `The task is ${asked}. There is no model behind me, so I will look at the folder I was started in and report what is really there.`,
    (text) => turn.think(text),
  );
  const plan = new Plan(turn, ["Read the task", "List the working directory", "Report what was found"]);
  await plan.show();
  await turn.pause(turn.delayMs);
  await plan.advance();
  if (record.mode === planMode) {
    await stream(turn, `That is the plan for ${asked}. I am in plan mode, so I stop here.`, (text) =>
      turn.say(text),
    );
    return;
  }
  const listing = await listWorkingDirectory(turn);
  await plan.advance();
  for (const paragraph of answer(turn, asked, listing)) {
    await stream(turn, paragraph, (text) => turn.say(text));
  }
  await plan.advance();
}

function answer(turn: Turn, asked: string, listing: Listing | null): string[] {
  const { record } = turn.session;
  const greeting =
    record.turns === 1
      ? "Hello! I am the built-in demo agent: a script, not a model. I cost nothing, and I changed nothing."
      : `This is turn ${record.turns} of our conversation, and I am still the scripted demo agent.`;
  const found = listing
    ? `In ${record.cwd} I found ${countListing(listing)}${guess(listing)}.`
    : `I could not list ${record.cwd}; the tool call above says why.`;
  return [
    `${greeting}\n\n`,
    `You asked me: ${asked}\n\n`,
    `${found}\n\n`,
    "A model would now get to work on it. What you have seen is everything around one: a thought, a plan, a tool call and an answer, streamed and kept in the transcript. ",
    "Put a real agent in my place to have the task done, or send me a line such as `!permission` or `!chunks 20` to see more.",
  ];
}

function guess({ files }: Listing): string {
  const found = projects.find(([file]) => files.includes(file));
  return found ? `; ${found[0]} says that it is ${found[1]}` : "";
}

function quote(text: string): string {
  const characters = [...text.replace(/[\s\p{Cc}]+/gu, " ").trim()];
  if (characters.length === 0) return "an empty prompt";
  return `“${characters.length > 160 ? `${characters.slice(0, 159).join("")}…` : characters.join("")}”`;
}

async function stream(turn: Turn, text: string, send: (piece: string) => Promise<void>): Promise<void> {
  for (const piece of text.match(/(\S+\s*){1,4}/g) ?? []) {
    await send(piece);
    await turn.pause(turn.delayMs);
  }
}
