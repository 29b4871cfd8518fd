import { type SearchTranscriptsResponse_Hit, SearchTranscriptsResponseSchema } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { knownProject } from "../find-project.js";
import { findId } from "../ids.js";
import { highlighted } from "../output/snippet.js";
import { shown, styled } from "../output/style.js";
import { age, isoTime, shortId } from "../output/words.js";
import { numberOption, timeOption } from "../parse.js";
import { action } from "../session.js";

interface Options {
  project?: string;
  session?: string;
  role?: string;
  after?: ReturnType<typeof timeOption>;
  before?: ReturnType<typeof timeOption>;
  limit: number;
}

const examples = `
All of the words have to occur; 'quoted "words side by side"' as they stand, and a * at the end for any ending. Case and
accents do not count. On no terminal a hit is a line of session, ordinal, project, role, time and snippet.

Examples:
  stratavore search flaky test
  stratavore search 'migrat*' --project web --role assistant --after 7d
  stratavore search '"out of memory"' --json | jq -r '.hits[].sessionId'`;

export const searchCommand = (): Command =>
  new Command("search")
    .description("find what was said, in all transcripts")
    .argument("<words...>", "what to look for")
    .option("--project <name>", "only in this project")
    .option("--session <session>", "only in this session")
    .addOption(new Option("--role <role>", "only said by").choices(["user", "assistant", "system"]))
    .option("--after <time>", "only from then on: a date, a time, or so long ago, as 2h or 7d", timeOption)
    .option("--before <time>", "only before then", timeOption)
    .option("--limit <count>", "at most so many, the best first", numberOption({ min: 1, max: 1000 }), 20)
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, options: Options, words: string[]) => {
        const { project, session, role, after, before, limit } = options;
        const request = {
          query: words.join(" "),
          projectName: await knownProject(client, project, signal),
          sessionId: session === undefined ? undefined : (await findId(client, ["session"], session)).id,
          ...{ role, after, before, limit },
        };
        const answer = await client.sessions.search(request, { signal });
        if (out.json) out.message(SearchTranscriptsResponseSchema, answer);
        else {
          for (const hit of answer.hits) out.line(out.terminal ? forPeople(hit) : forPrograms(hit));
          if (answer.hits.length === 0) out.note("Nothing was found.");
          else if (answer.nextPageToken !== "") out.note(`There is more than these ${limit}: see --limit`);
        }
        return 0;
      }),
    );

function forPeople({
  sessionId,
  ordinal,
  projectName,
  role,
  timestamp,
  snippet,
}: SearchTranscriptsResponse_Hit) {
  const where = `${shortId(sessionId)} #${ordinal}  ${shown(projectName)}  ${role}  ${age(timestamp)}`;
  return `${styled("dim", where)}\n  ${highlighted(shown(snippet).replace(/\s+/g, " "))}`;
}

const forPrograms = (hit: SearchTranscriptsResponse_Hit) =>
  [hit.sessionId, String(hit.ordinal), hit.projectName, hit.role, isoTime(hit.timestamp), hit.snippet]
    .map((field) => field.replace(/\s+/g, " "))
    .join("\t");
