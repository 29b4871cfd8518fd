import { destination, type Logger, pino } from "pino";

/** Facts of every line that a person at a terminal has no use for. */
const hidden = new Set(["level", "time", "pid", "hostname", "msg"]);

/** The daemon's log on stderr: JSON lines, or on a terminal lines to read. Written at once, so that a crash loses none. */
export function createDaemonLog(): Logger {
  const options = { level: process.env.STRATAVORE_LOG_LEVEL || "info" };
  if (!process.stderr.isTTY) return pino(options, destination({ dest: 2, sync: true }));
  return pino(options, { write: (line: string) => void process.stderr.write(readable(line)) });
}

function readable(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(entry.time)).toTimeString().slice(0, 8);
  const level = pino.levels.labels[Number(entry.level)] ?? "";
  const facts = Object.entries(entry)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${time} ${level.padEnd(5)} ${entry.msg}${facts.join("")}\n`;
}
