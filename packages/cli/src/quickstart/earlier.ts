import { type StratavoreClient, TranscriptFormat } from "@stratavore/client/node";
import type { LiveText } from "../output/live-text.js";
import { shown, styled } from "../output/style.js";
import { isoTime } from "../output/words.js";

/** Shows the last conversation of a project as the record has it, if there was one. */
export async function showEarlier(
  client: StratavoreClient,
  live: LiveText,
  projectName: string,
): Promise<void> {
  const { sessions, totalCount } = await client.sessions.list({ projectName, limit: 1 });
  const [last] = sessions;
  if (last === undefined) return;
  const format = TranscriptFormat.TEXT;
  const { rendered } = await client.sessions.transcript({ sessionId: last.id, format, pageSize: 100 });
  const others = totalCount > 1 ? `, and ${totalCount - 1} before it` : "";
  live.line(
    styled(
      "bold",
      `\nThe last conversation is still there: ${last.id} of ${isoTime(last.createdAt)}${others}`,
    ),
  );
  for (const line of rendered.trimEnd().split("\n")) live.line(styled("dim", shown(`│ ${line}`)));
}
