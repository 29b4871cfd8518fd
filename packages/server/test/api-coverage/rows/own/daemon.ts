import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { LogLevel } from "@stratavore/proto";
import type { Opened } from "../../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../../row.js";

/** A call that is refused, which is logged as a line of the severity DEBUG. */
const refused = ({ runners }: Opened) =>
  outcomeOf(runners.getRunner({ runnerId: "runner_x" }), () => undefined);

async function lines({ daemon }: Opened, given: object, enough = Number.POSITIVE_INFINITY) {
  const stop = new AbortController();
  const found = [];
  for await (const line of daemon.streamLogs(given, { signal: stop.signal })) {
    found.push(line);
    if (found.length >= enough) break;
  }
  stop.abort();
  return found;
}

const streamLogs: readonly Row[] = [
  row({
    rpc: "StreamLogs",
    field: "level",
    unset: ["what happens, and what is worse", false],
    set: ["lines of that severity and of greater ones", true],
    value: { level: LogLevel.DEBUG },
    prepare: async (server) => void (await refused(server)),
    see: async (server, given) => (await lines(server, given)).some(({ level }) => level === LogLevel.DEBUG),
  }),
  row({
    rpc: "StreamLogs",
    field: "follow",
    unset: ["it ends with the last line that there is", 1],
    set: ["it goes on with new lines", 2],
    value: { follow: true },
    prepare: async (server) => void (await refused(server)),
    async see(server, given) {
      const read = lines(server, { level: LogLevel.DEBUG, tail: 1, ...given }, 2);
      if ("follow" in given) await refused(server);
      return (await read).length;
    },
  }),
  row({
    rpc: "StreamLogs",
    field: "tail",
    unset: ["the last 100 lines", 100],
    set: ["so many of the last lines", 3],
    value: { tail: 3 },
    async prepare(server) {
      for (let count = 0; count < 110; count += 1) await refused(server);
    },
    see: async (server, given) => (await lines(server, { level: LogLevel.DEBUG, ...given })).length,
  }),
];

export const ownDaemonRpcs: readonly Row[] = [
  row({
    rpc: "CreateBackup",
    field: "path",
    unset: ["a dated file among the data directory's backups", "data/backups"],
    set: ["that file", "elsewhere"],
    value: (folder: string) => ({ path: join(folder, "elsewhere", "copy.db") }),
    async prepare({ folder }) {
      mkdirSync(join(folder, "elsewhere"));
      return folder;
    },
    see: async ({ daemon }, given, folder) =>
      dirname((await daemon.createBackup(given)).path).slice(folder.length + 1),
  }),
  ...streamLogs,
];
