import { type Runner, RunnerSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { findId } from "../ids.js";
import { jsonOf } from "../output/output.js";
import { shortId, statusWord } from "../output/words.js";
import { action, type Session } from "../session.js";

const pauseExamples = `
Messages wait until it goes on: stratavore unpause

Examples:
  stratavore pause x81qj3             the turn that runs is ended, and no other begun
  stratavore pause x81qj3 --freeze    its processes stand still at once, in the middle of a turn`;

export const pauseCommand = (): Command =>
  new Command("pause")
    .description("hold runners back: no new turn begins")
    .argument("<runner...>", "ids, or what they begin or end with")
    .option("--freeze", "stop their processes where they are")
    .addHelpText("after", pauseExamples)
    .action(
      action((session, { freeze }: { freeze?: boolean }, runners: string[]) =>
        each(session, runners, "paused", (runnerId) =>
          session.client.runners.pause({ runnerId, freeze }, { signal: session.signal }),
        ),
      ),
    );

export const unpauseCommand = (): Command =>
  new Command("unpause")
    .description("let paused runners go on, with what waits for them")
    .argument("<runner...>", "ids, or what they begin or end with")
    .addHelpText(
      "after",
      "\nExample:\n  stratavore unpause x81qj3\n\nTo continue a session: stratavore resume",
    )
    .action(
      action((session, _: object, runners: string[]) =>
        each(session, runners, "resumed", (runnerId) =>
          session.client.runners.resume({ runnerId }, { signal: session.signal }),
        ),
      ),
    );

/** Does it to each runner in turn, and says what each is then; JSON has them all under a name. */
async function each(
  { client, out }: Session,
  given: readonly string[],
  name: string,
  change: (runnerId: string) => Promise<Runner>,
): Promise<number> {
  const ids = [];
  for (const runner of given) ids.push((await findId(client, ["runner"], runner)).id);
  const changed = [];
  for (const id of ids) {
    const runner = await change(id);
    changed.push(jsonOf(RunnerSchema, runner));
    if (!out.json) out.line(`${out.terminal ? shortId(id) : id} ${statusWord(runner.status)}`);
  }
  if (out.json) out.value({ [name]: changed });
  return 0;
}
