import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  LogLevel,
  type StreamLogsRequest,
  type StreamLogsResponse,
  StreamLogsResponseSchema,
} from "@stratavore/proto";
import type { KeptLines, LogLine } from "../logs/kept-lines.js";

const defaultTail = 100;

/**
 * The log's last lines, then what comes. A slow reader holds nothing but its position; what went by meanwhile and is no
 * longer kept is a line of its own, which says how many they were.
 */
export async function* streamLogs(
  kept: KeptLines,
  { level, tail, follow }: StreamLogsRequest,
  ending: AbortSignal,
): AsyncGenerator<StreamLogsResponse, void> {
  const count = tail || defaultTail;
  let position = kept.before(count, level || LogLevel.INFO);
  for (let told = 0; follow || told < count; ) {
    const { lines, missed, position: next } = kept.after(position);
    position = next;
    if (missed > 0) yield messageOf(missedLine(missed));
    for (const line of follow ? lines : lines.slice(0, count - told)) yield messageOf(line);
    told += lines.length;
    if (lines.length > 0) continue;
    if (!follow) return;
    await kept.next(ending);
  }
}

const missedLine = (missed: number): LogLine => ({
  at: Date.now(),
  level: LogLevel.WARN,
  message: "this reader was too slow and missed lines",
  fields: { missed: String(missed) },
});

const messageOf = ({ at, level, message, fields }: LogLine): StreamLogsResponse =>
  create(StreamLogsResponseSchema, { timestamp: timestampFromMs(at), level, message, fields: { ...fields } });
