import { resolve } from "node:path";
import { defaultDataDir } from "@stratavore/server";
import { Command } from "commander";
import ora from "ora";
import { daemonDataDir } from "../daemon/find.js";
import type { StartReport } from "../daemon/report.js";
import { type RunningDaemon, runningDaemon, startDaemon, startError } from "../daemon/start.js";
import { stopDaemon } from "../daemon/stop.js";
import { exitCodes } from "../exit-codes.js";
import { numberOption, repeated } from "../parse.js";
import { action, type Session } from "../session.js";

interface StartOptions {
  foreground?: boolean;
  listen?: string[];
  defaultAgent?: string;
  allowRoot?: string[];
  notify?: string[];
}

export const daemonCommand = (): Command =>
  new Command("daemon")
    .description("start and stop the daemon, which launches the agents and keeps the record")
    .addCommand(startCommand())
    .addCommand(stopCommand())
    .addCommand(statusCommand());

const startCommand = (): Command =>
  new Command("start")
    .description("start the daemon in the background; one that is there already is left as it is")
    .option("--foreground", "stay here and log here until Ctrl-C")
    .option(
      "--listen <host:port>",
      "address to listen on (can be repeated; default: localhost:50051)",
      repeated,
    )
    .option("--default-agent <name>", "agent of runners that name none")
    .option(
      "--allow-root <dir>",
      "directory in which projects may be (can be repeated; default: any)",
      repeated,
    )
    .option(
      "--notify <word>",
      "program to run when an agent asks, with the approval as JSON on its input; repeated: its arguments",
      repeated,
    )
    .action(
      action(async (session, given: StartOptions) => {
        const { foreground, listen = [], defaultAgent, allowRoot = [], notify = [] } = given;
        const dataDir = resolve(session.global.dataDir ?? defaultDataDir(process.env));
        const options = {
          dataDir,
          listen,
          defaultAgent,
          allowRoot: allowRoot.map((root) => resolve(root)),
          notify,
        };
        if (!foreground) {
          const spinner = ora({ text: "Starting the daemon", isSilent: !session.out.terminal }).start();
          const daemon = await startDaemon(options).finally(() => spinner.stop());
          printDaemon(session, daemon, daemon.started ? "The daemon runs" : "The daemon runs already");
          return exitCodes.ok;
        }
        // Lazily: no other command needs the server.
        const program = new URL("./daemon.js", import.meta.url).href;
        const { serveDaemon } = (await import(program)) as typeof import("../daemon/main.js");
        let failure: Extract<StartReport, { ready: false }> | undefined;
        const code = await serveDaemon(options, (report) => {
          if (!report.ready) failure = report;
          else printDaemon(session, { ...report, pid: process.pid, dataDir }, "The daemon runs");
        });
        if (failure !== undefined) throw await startError(failure);
        return code;
      }),
    );

const stopCommand = (): Command =>
  new Command("stop")
    .description("stop the daemon; agents live on and are taken up again by the next start")
    .option("--timeout <seconds>", "how long to wait for it", numberOption({ min: 1, max: 3600 }), 30)
    .action(
      action(async ({ out, global }, { timeout }: { timeout: number }) => {
        const dataDir = await daemonDataDir(global);
        const pid = await stopDaemon(dataDir, timeout * 1000);
        if (out.json) out.value({ stopped: pid !== undefined, pid: pid ?? null, dataDir });
        else if (pid === undefined) out.line(`No daemon runs on ${dataDir}`);
        else out.line(`Stopped the daemon with pid ${pid} on ${dataDir}; agents live on`);
        return exitCodes.ok;
      }),
    );

const statusCommand = (): Command =>
  new Command("status").description("tell whether the daemon runs, and where; 3 if it does not").action(
    action(async (session) => {
      const dataDir = await daemonDataDir(session.global);
      const daemon = await runningDaemon(dataDir);
      if (daemon !== undefined) printDaemon(session, daemon, "The daemon runs");
      else if (session.out.json) session.out.value({ running: false, dataDir });
      else session.out.line(`No daemon runs on ${dataDir}; start it with: stratavore daemon start`);
      return daemon === undefined ? exitCodes.unreachable : exitCodes.ok;
    }),
  );

function printDaemon({ out }: Session, daemon: Omit<RunningDaemon, "started">, sentence: string): void {
  const { pid, addresses, socket, dataDir } = daemon;
  if (out.json) {
    out.value({ running: true, pid, addresses: [...addresses], socket, dataDir });
    return;
  }
  out.line(`${sentence}: pid ${pid}, ${addresses.join(", ")}`);
  out.line(`Data directory: ${dataDir}`);
}
