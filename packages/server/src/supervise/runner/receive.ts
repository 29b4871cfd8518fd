import type { AgentUpdate, Received } from "../../agents/index.js";
import type { JournalLine } from "../../drivers/driver.js";
import type { RunnerRow } from "../../store/index.js";
import { merged } from "./coalesce.js";
import type { RunnerMemory } from "./memory.js";

/** What lines say; beside that, the transcript of the runner's active session tells what of a line was lost. */
export function receiveLines(
  memory: RunnerMemory,
  runner: Pick<RunnerRow, "sessionId"> | undefined,
  stream: "stdout" | "stderr",
  lines: readonly JournalLine[],
): Received {
  const updates: AgentUpdate[] = [];
  const send: string[] = [];
  for (const line of lines) {
    const received = memory.adapter.receive({ stream, text: line.text });
    updates.push(...received.updates);
    send.push(...received.send);
    const text = lossOf(memory, runner?.sessionId ?? "", line);
    if (text !== undefined && runner?.sessionId) {
      updates.push({ kind: "notice", sessionId: runner.sessionId, text });
    }
  }
  return { updates: merged(updates), send };
}

function lossOf(
  { stored }: RunnerMemory,
  sessionId: string,
  { text, droppedBytes, invalidUtf8 }: JournalLine,
): string | undefined {
  if (droppedBytes > 0) {
    const kept = Buffer.byteLength(text);
    return `[stratavore] The agent printed a line of ${kept + droppedBytes} bytes; only the first ${kept} were read.`;
  }
  if (!invalidUtf8 || stored.notUtf8.includes(sessionId)) return undefined;
  stored.notUtf8.push(sessionId);
  return "[stratavore] The agent printed bytes that are not UTF-8; they are shown as U+FFFD.";
}
