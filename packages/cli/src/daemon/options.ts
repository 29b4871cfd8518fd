import { parseArgs } from "node:util";

/** What a daemon is started with. */
export interface DaemonOptions {
  /** Data directory; default: as `@stratavore/server` has it. */
  dataDir?: string;
  /** Addresses to listen on; none: `localhost:50051`. The unix socket is always there. */
  listen: string[];
  /** Agent of runners that name none. */
  defaultAgent?: string;
  /** Directories in which projects may be; none: any. */
  allowRoot: string[];
  /** Program and arguments that are run for each approval that waits; none: nothing is. */
  notify?: string[];
}

/** The options as arguments of the daemon's own program. */
export function daemonArguments(options: DaemonOptions): string[] {
  const { dataDir, listen, defaultAgent, allowRoot, notify = [] } = options;
  return [
    ...(dataDir === undefined ? [] : [`--data-dir=${dataDir}`]),
    ...listen.map((address) => `--listen=${address}`),
    ...(defaultAgent === undefined ? [] : [`--default-agent=${defaultAgent}`]),
    ...allowRoot.map((root) => `--allow-root=${root}`),
    ...notify.map((word) => `--notify=${word}`),
  ];
}

/** @throws TypeError for arguments that are no options of the daemon */
export function parseDaemonArguments(args: readonly string[]): DaemonOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "data-dir": { type: "string" },
      listen: { type: "string", multiple: true },
      "default-agent": { type: "string" },
      "allow-root": { type: "string", multiple: true },
      notify: { type: "string", multiple: true },
    },
  });
  return {
    dataDir: values["data-dir"],
    listen: values.listen ?? [],
    defaultAgent: values["default-agent"],
    allowRoot: values["allow-root"] ?? [],
    notify: values.notify ?? [],
  };
}
