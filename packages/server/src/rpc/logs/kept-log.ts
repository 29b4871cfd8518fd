import { LogLevel } from "@stratavore/proto";
import type { Log } from "../../supervise/log.js";
import { keptFacts, keptText } from "./facts.js";
import type { KeptLines } from "./kept-lines.js";

/** A log that writes to another one, and keeps what it writes for `StreamLogs`. */
export function keptLog(log: Log, lines: KeptLines): Log {
  const at = (name: keyof Log, level: LogLevel) => (facts: object, message: string) => {
    lines.add({ at: Date.now(), level, message: keptText(String(message)), fields: keptFacts(facts) });
    log[name](facts, message);
  };
  return {
    debug: at("debug", LogLevel.DEBUG),
    info: at("info", LogLevel.INFO),
    warn: at("warn", LogLevel.WARN),
    error: at("error", LogLevel.ERROR),
  };
}
