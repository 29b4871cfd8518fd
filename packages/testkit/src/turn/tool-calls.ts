import { randomUUID } from "node:crypto";
import { countListing, type Listing, listFolder, printListing } from "./listing.js";
import type { Turn } from "./turn.js";

/** Lists the session's working directory in a tool call; the listing, or null when that failed. */
export async function listWorkingDirectory(
  turn: Turn,
  options: { fail?: boolean } = {},
): Promise<Listing | null> {
  const { cwd } = turn.session.record;
  const toolCallId = `call_${randomUUID()}`;
  turn.endMessage();
  await turn.emit({
    sessionUpdate: "tool_call",
    toolCallId,
    title: `List ${cwd}`,
    kind: "read",
    status: "pending",
    locations: [{ path: cwd }],
    rawInput: { path: cwd },
  });
  await turn.pause(turn.delayMs);
  await turn.emit({ sessionUpdate: "tool_call_update", toolCallId, status: "in_progress" });
  await turn.pause(turn.delayMs);
  try {
    if (options.fail) throw new Error("This tool call fails because the prompt asked it to.");
    const listing = await listFolder(cwd);
    await turn.emit({
      sessionUpdate: "tool_call_update",
      toolCallId,
      status: "completed",
      content: [{ type: "content", content: { type: "text", text: printListing(listing) } }],
      rawOutput: { found: countListing(listing) },
    });
    return listing;
  } catch (error) {
    const { message } = error as Error;
    await turn.emit({
      sessionUpdate: "tool_call_update",
      toolCallId,
      status: "failed",
      content: [{ type: "content", content: { type: "text", text: message } }],
      rawOutput: { error: message },
    });
    return null;
  }
}
