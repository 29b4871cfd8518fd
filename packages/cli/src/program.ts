import { version } from "@stratavore/server";
import { Command } from "commander";
import { agentsCommand } from "./commands/agents.js";
import { approvalsCommand } from "./commands/approvals.js";
import { approveCommand } from "./commands/approve.js";
import { backupCommand } from "./commands/backup.js";
import { cancelCommand } from "./commands/cancel.js";
import { daemonCommand } from "./commands/daemon.js";
import { endCommand } from "./commands/end.js";
import { eventsCommand } from "./commands/events.js";
import { logsCommand } from "./commands/logs.js";
import { metricsCommand } from "./commands/metrics.js";
import { pauseCommand, unpauseCommand } from "./commands/pause.js";
import { projectCommand } from "./commands/project.js";
import { quickstartCommand } from "./commands/quickstart.js";
import { reconcileCommand } from "./commands/reconcile.js";
import { restartCommand } from "./commands/restart.js";
import { resumeCommand } from "./commands/resume.js";
import { runCommand } from "./commands/run.js";
import { runnersCommand } from "./commands/runners.js";
import { searchCommand } from "./commands/search.js";
import { sendCommand } from "./commands/send.js";
import { sessionsCommand } from "./commands/sessions.js";
import { statusCommand } from "./commands/status.js";
import { stopCommand } from "./commands/stop.js";
import { tokenCommand } from "./commands/token.js";
import { transcriptCommand } from "./commands/transcript.js";
import { usageCommand } from "./commands/usage.js";
import { versionCommand } from "./commands/version.js";
import { exitCodeHelp } from "./exit-codes.js";

/** The whole command line. */
export function createProgram(): Command {
  const program = new Command("stratavore")
    .description("The control plane for AI coding agents.")
    .version(version, "-V, --version")
    .option("--json", "one JSON value, or for what goes on, one a line")
    .option("--address <address>", "where the daemon is: HOST:PORT, https://HOST:PORT or unix:/PATH")
    .option("--data-dir <dir>", "the daemon's data directory")
    .option("--token <token>", "the credential (default: the daemon's own, found on this machine)")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodeHelp)
    .showHelpAfterError("(--help shows what can be given)")
    .exitOverride();
  for (const command of [
    runCommand(),
    sendCommand(),
    cancelCommand(),
    pauseCommand(),
    unpauseCommand(),
    stopCommand(),
    restartCommand(),
    runnersCommand(),
    sessionsCommand(),
    resumeCommand(),
    endCommand(),
    transcriptCommand(),
    searchCommand(),
    eventsCommand(),
    approvalsCommand(),
    approveCommand(),
    projectCommand(),
    agentsCommand(),
    daemonCommand(),
    statusCommand(),
    metricsCommand(),
    usageCommand(),
    logsCommand(),
    reconcileCommand(),
    backupCommand(),
    tokenCommand(),
    versionCommand(),
  ]) {
    program.addCommand(inherit(command, program));
  }
  program.addCommand(inherit(quickstartCommand(), program), { hidden: true });
  return program;
}

/** Settings that commander hands down only to commands that it makes itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}
