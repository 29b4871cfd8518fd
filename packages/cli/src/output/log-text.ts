import { LogLevel, type StreamLogsResponse } from "@stratavore/client/node";
import { shown, styled } from "./style.js";
import { isoTime } from "./words.js";

/** The name of a severity: `warn`. */
export const levelWord = (level: LogLevel): string => (LogLevel[level] ?? String(level)).toLowerCase();

const styles: Partial<Record<LogLevel, Parameters<typeof styled>[0]>> = {
  [LogLevel.DEBUG]: "dim",
  [LogLevel.INFO]: "cyan",
  [LogLevel.WARN]: "yellow",
  [LogLevel.ERROR]: "red",
};

/** A line of the daemon's log: when, how severe, what, and the facts as `name=value`. */
export function logText(
  { timestamp, level, message, fields }: StreamLogsResponse,
  terminal: boolean,
): string {
  const time = isoTime(timestamp);
  const facts = Object.entries(fields).map(
    ([name, value]) => `${name}=${/\s/.test(value) ? JSON.stringify(value) : value}`,
  );
  if (!terminal)
    return [time, levelWord(level), message, ...facts].map((part) => part.replace(/\s+/g, " ")).join("\t");
  const severity = styled(styles[level] ?? "reset", levelWord(level).padEnd(5));
  const known = facts.map((fact) => styled("dim", shown(fact)));
  return [styled("dim", time.slice(11, 23)), severity, shown(message), ...known].join(" ");
}
