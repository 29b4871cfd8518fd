import { type Runner, RunnerSchema, RunnerStatus, TurnState } from "@stratavore/client/node";
import { Command } from "commander";
import ora from "ora";
import { exitCodes, usageError } from "../exit-codes.js";
import { projectHere } from "../find-project.js";
import { latestSession } from "../find-session.js";
import { awaitRunner, isOver } from "../follow/runner.js";
import { type FollowView, followTurn, printTurnEnd, reconnectNote } from "../follow/turn.js";
import { LiveText } from "../output/live-text.js";
import { jsonOf } from "../output/output.js";
import { shown, styled } from "../output/style.js";
import { textFrom } from "../read-text.js";
import { action, type Session } from "../session.js";

interface Options {
  project?: string;
  agent?: string;
  model?: string;
  title?: string;
  input?: boolean;
  follow: boolean;
  stopOnInterrupt?: boolean;
  stopWhenDone?: boolean;
}

export const runCommand = (): Command =>
  new Command("run")
    .description("launch an agent with a task and follow it; it lives on afterwards")
    .argument(
      "[prompt...]",
      "the task, or - to read it from standard input; with --agent exec: -- and the command",
    )
    .option(
      "--project <name>",
      "project to run in (default: that of the current directory, made if there is none)",
    )
    .option("--agent <name>", "agent to launch (default: the project's, else the daemon's)")
    .option("--model <name>", "model to ask for")
    .option("--title <text>", "what it is about, for people")
    .option("--input", "exec: keep the command's input open for stratavore send")
    .option("--no-follow", "end as soon as the runner is on record")
    .option("--stop-when-done", "stop the runner when its task is done")
    .option("--stop-on-interrupt", "stop the runner on Ctrl-C, too")
    .addHelpText("after", "\nExample:\n  stratavore run --agent exec -- sh -c 'npm test'")
    .action(action(run));

async function run(session: Session, options: Options, words: string[]): Promise<number> {
  const { client, out, signal } = session;
  const exec = options.agent === "exec";
  if (exec && words.length === 0) throw usageError("--agent exec needs a command: … -- PROGRAM ARGUMENTS");
  const prompt = exec ? "" : await textFrom(words);
  const projectName = options.project ?? (await projectHere(client, out, signal));
  const { agent, model, title, input } = options;
  const spec = { agent, prompt, title, input, args: exec ? words : [] };
  const created = await client.runners.create({ projectName, model, spec }, { signal });
  if (!options.follow) {
    if (out.json) out.message(RunnerSchema, created);
    else out.line(created.id);
    return exitCodes.ok;
  }
  if (out.json) out.value({ runner: jsonOf(RunnerSchema, created) });
  const view: FollowView = { out, live: new LiveText() };
  try {
    return await follow(session, created, prompt, view, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    view.live.break();
    if (options.stopOnInterrupt) await stop(session, created.id);
    else out.note(`No longer following; the runner lives on. Stop it with: stratavore stop ${created.id}`);
    return exitCodes.interrupted;
  }
}

async function follow(
  { client, out, signal }: Session,
  created: Runner,
  prompt: string,
  view: FollowView,
  options: Options,
): Promise<number> {
  const { id: runnerId, agent } = created;
  const isUp = ({ status }: Runner) => status !== RunnerStatus.STARTING;
  const spinner = ora({ text: `Starting ${agent}`, isSilent: !out.terminal, discardStdin: false }).start();
  const runner = await awaitRunner(client, runnerId, isUp, signal).finally(() => spinner.stop());
  const isCommand = runner.spec?.args.length !== 0 && agent === "exec";
  if (!isCommand && isOver(runner)) return ended(runner, view);
  if (prompt === "" && !isCommand) {
    view.live.line(`Runner ${runnerId} is up. Talk to it with: stratavore send ${runnerId} TEXT`);
    return exitCodes.ok;
  }
  const sessionId = await latestSession(client, runnerId, signal);
  const onReconnect = reconnectNote(view);
  const stream = client.sessions.stream({ sessionId, fromStart: true }, { signal, onReconnect });
  const turn = await followTurn(stream, view, isCommand ? "" : undefined);
  if (turn === undefined) return ended(await awaitRunner(client, runnerId, isOver, signal), view);
  printTurnEnd(turn, view);
  if (out.json)
    out.value({ runner: jsonOf(RunnerSchema, await client.runners.get({ runnerId }, { signal })) });
  if (options.stopWhenDone) await client.runners.stop({ runnerId }, { signal });
  else
    out.note(
      styled("dim", `Go on with: stratavore send ${runnerId} TEXT; end with: stratavore stop ${runnerId}`),
    );
  return turn.state === TurnState.COMPLETED ? exitCodes.ok : exitCodes.failed;
}

/** Says how a runner ended; the exit code is its command's own, if it had one that failed. */
function ended(runner: Runner, { out, live }: FollowView): number {
  const { status, reason, exitCode, agent } = runner;
  const failed = status === RunnerStatus.FAILED;
  if (out.json) out.value({ runner: jsonOf(RunnerSchema, runner) });
  live.break();
  if (!out.json) out.note(`${failed ? styled("red", "Failed") : styled("green", "Ended")}: ${shown(reason)}`);
  if (agent === "exec" && exitCode) return exitCode;
  return failed ? exitCodes.failed : exitCodes.ok;
}

async function stop({ client, out }: Session, runnerId: string): Promise<void> {
  await client.runners.stop({ runnerId });
  out.note(`Stopped runner ${runnerId}`);
}
