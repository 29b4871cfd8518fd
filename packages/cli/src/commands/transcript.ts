import {
  type GetSessionTranscriptResponse,
  GetSessionTranscriptResponseSchema,
  TranscriptFormat,
} from "@stratavore/client/node";
import { Command, Option } from "commander";
import { latestSession } from "../find-session.js";
import { findId } from "../ids.js";
import { jsonOf } from "../output/output.js";
import { shown } from "../output/style.js";
import { action } from "../session.js";

const formats: Record<string, TranscriptFormat> = {
  text: TranscriptFormat.TEXT,
  markdown: TranscriptFormat.MARKDOWN,
  json: TranscriptFormat.JSON,
};

/** Messages asked for at a time, so that no transcript is too large for one answer. */
const pageSize = 500;

const examples = `
Examples:
  stratavore transcript r5k2m8 | less
  stratavore transcript r5k2m8 --format markdown > conversation.md
  stratavore transcript r5k2m8 --format json | jq -r '.messages[].content'`;

export const transcriptCommand = (): Command =>
  new Command("transcript")
    .description("show the transcript of a session, or of a runner's latest session")
    .argument("<session|runner>", "its id, or what it begins or ends with")
    .addOption(
      new Option("--format <format>", "how to show it").choices(Object.keys(formats)).default("text"),
    )
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, options: { format: string }, given: string) => {
        const found = await findId(client, ["session", "runner"], given);
        const sessionId = found.kind === "session" ? found.id : await latestSession(client, found.id, signal);
        const json = out.json || options.format === "json";
        const format = json ? TranscriptFormat.JSON : formats[options.format];
        let whole: GetSessionTranscriptResponse | undefined;
        let pageToken = "";
        do {
          const request = { sessionId, format, pageSize, pageToken, includeMetadata: json };
          const page = await client.sessions.transcript(request, { signal });
          pageToken = page.nextPageToken;
          if (!json) {
            const separator = whole === undefined ? "" : "\n";
            process.stdout.write(separator + shown(page.rendered));
            whole = page;
          } else if (whole === undefined) whole = page;
          else {
            whole.messages.push(...page.messages);
            whole.cursor = page.cursor;
          }
        } while (pageToken !== "");
        if (json) out.value({ ...jsonOf(GetSessionTranscriptResponseSchema, whole), nextPageToken: "" });
        return 0;
      }),
    );
