import { ResumeSessionResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { usageError } from "../exit-codes.js";
import { findId } from "../ids.js";
import { styled } from "../output/style.js";
import { action } from "../session.js";

interface Options {
  runner?: string;
  fork?: boolean;
}

const examples = `
Examples:
  stratavore resume r5k2m8                     on a new runner with the old one's settings
  stratavore resume r5k2m8 --runner x81qj3     on a runner that is up
  stratavore resume r5k2m8 --fork              a copy of it; the original stays as and where it is

To let a paused runner go on: stratavore unpause`;

export const resumeCommand = (): Command =>
  new Command("resume")
    .description("continue a session with all that was said in it")
    .argument("<session>", "its id, or what it begins or ends with")
    .option("--runner <runner>", "continue on this runner (default: a new one)")
    .option("--fork", "continue a copy, where the agent can")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { runner, fork }: Options, given: string) => {
        if (given.startsWith("runner_")) {
          throw usageError(
            `${given} is a runner; to let a paused one go on: stratavore unpause ${given}; to find a session of it: stratavore sessions --runner ${given}`,
          );
        }
        const { id: sessionId } = await findId(client, ["session"], given);
        const runnerId = runner === undefined ? undefined : (await findId(client, ["runner"], runner)).id;
        const answer = await client.sessions.resume({ sessionId, runnerId, fork }, { signal });
        if (out.json) {
          out.message(ResumeSessionResponseSchema, answer);
          return 0;
        }
        const { session } = answer;
        out.line(`${session?.id} on ${answer.runner?.id}`);
        out.note(styled("dim", `Go on with: stratavore send ${session?.id} TEXT`));
        return 0;
      }),
    );
