import { type Runner, RunnerSchema, RunnerStatus } from "@stratavore/client/node";
import { Command } from "commander";
import { CliError, exitCodes } from "../exit-codes.js";
import { awaitRunner } from "../follow/runner.js";
import { findId } from "../ids.js";
import { shown } from "../output/style.js";
import { shortId, statusWord } from "../output/words.js";
import { numberOption } from "../parse.js";
import { action } from "../session.js";

interface Options {
  preserveSession?: boolean;
  timeout?: number;
}

const examples = `
Its first message is not sent again, and a command of --agent exec runs again.

Examples:
  stratavore restart x81qj3                       a session that it had can be resumed later
  stratavore restart x81qj3 --preserve-session    the conversation goes on`;

export const restartCommand = (): Command =>
  new Command("restart")
    .description("start a runner again, and stop it first if it is up")
    .argument("<runner>", "its id, or what it begins or ends with")
    .option("--preserve-session", "resume its session, where the agent can")
    .option("--timeout <seconds>", "time to end by itself (default: 10)", numberOption({ min: 1, max: 3600 }))
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { preserveSession, timeout }: Options, given: string) => {
        const { id: runnerId } = await findId(client, ["runner"], given);
        await client.runners.restart({ runnerId, preserveSession, timeoutSeconds: timeout }, { signal });
        const isUp = ({ status }: Runner) => status !== RunnerStatus.STARTING;
        const runner = await awaitRunner(client, runnerId, isUp, signal);
        const { status, reason } = runner;
        if (out.json) out.message(RunnerSchema, runner);
        else out.line(`${out.terminal ? shortId(runnerId) : runnerId} ${statusWord(status)}`);
        if (status !== RunnerStatus.FAILED) return exitCodes.ok;
        throw new CliError(shown(reason), exitCodes.failed);
      }),
    );
