/** The ACP methods that a script can make fail. */
export const scriptedMethods = [
  "initialize",
  "session/new",
  "session/load",
  "session/resume",
  "session/list",
  "session/fork",
  "session/close",
  "session/delete",
  "session/set_mode",
  "session/set_config_option",
  "session/prompt",
] as const;

/** An ACP method that a script can make fail. */
export type ScriptedMethod = (typeof scriptedMethods)[number];

/** What happens before the normal answer, in the order of the fields; one of the last four takes its place. */
export interface Fault {
  /** A line on standard error. */
  stderr?: string;
  /** A line on standard output as it is: garbage, for the reader. */
  garbage?: string;
  /** Milliseconds to wait. */
  delayMs?: number;
  /** Exit with this code, without an answer. */
  crash?: number;
  /** Never answer, while the rest of the agent goes on. */
  hang?: boolean;
  /** Stop the whole process: it reads nothing more. */
  block?: boolean;
  /** Answer with this JSON-RPC error. Not possible at `start`. */
  error?: { code: number; message: string; data?: unknown };
}

/** What the agent announces and serves. All are on unless said otherwise. */
export interface ScriptedCapabilities {
  loadSession?: boolean;
  resume?: boolean;
  list?: boolean;
  close?: boolean;
  delete?: boolean;
  /** `session/fork`, which is not part of stable ACP: off unless true. */
  fork?: boolean;
  modes?: boolean;
  configOptions?: boolean;
  image?: boolean;
  embeddedContext?: boolean;
}

/** How the agent behaves; every field may be left out, and `{}` is the demo agent. */
export interface Script {
  capabilities?: ScriptedCapabilities;
  /** Faults by method; `start` is before the first byte is read. */
  on?: { [M in ScriptedMethod | "start"]?: Fault };
  /**
   * Directives, as in a prompt, that replace the text of the first, second, ... prompt this process gets. Prompts
   * past the end are taken as they are.
   */
  turns?: string[];
  /** Milliseconds between the chunks of the demo's answer. Default: `STRATAVORE_TESTKIT_DELAY_MS`, or 40. */
  delayMs?: number;
  /** Models to offer, as value and name; the first is the default. */
  models?: { value: string; name: string }[];
  /** Whether token usage and cost are reported. Default true. */
  usage?: boolean;
}
