import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import {
  Code,
  ConnectError,
  createClient,
  EventType,
  type StratavoreClient,
  TurnState,
} from "@stratavore/client/node";
import { type RunningDaemon, startDaemon } from "../daemon/start.js";
import { stopDaemon } from "../daemon/stop.js";
import { CliError, exitCodes } from "../exit-codes.js";
import { awaitRunner, isOver } from "../follow/runner.js";
import { followTurn, printTurnEnd } from "../follow/turn.js";
import { LiveText } from "../output/live-text.js";
import type { Output } from "../output/output.js";
import { shown, styled } from "../output/style.js";
import { chooseAgent } from "./choose-agent.js";
import { showEarlier } from "./earlier.js";
import { EventFeed } from "./event-feed.js";

export interface QuickstartOptions {
  dataDir: string;
  listen: string[];
  once: boolean;
  task: string;
}

const projectName = "demo";
const words = { listen: "npm start -- --listen 127.0.0.1:0", program: "npx stratavore" };
const stopTimeoutMs = 30_000;

/** What is under way, so that it can be ended. */
interface Stage {
  readonly client: StratavoreClient;
  readonly live: LiveText;
  readonly out: Output;
  readonly signal: AbortSignal;
  feed?: EventFeed;
  runnerId?: string;
}

/**
 * The whole line once: a daemon, a project, an agent, a conversation with its events. Then stays until Ctrl-C, or with
 * `once` ends; what it started is stopped.
 */
export async function quickstart(
  options: QuickstartOptions,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const { dataDir, listen } = options;
  const live = new LiveText();
  const daemon = await startDaemon({ dataDir, listen, allowRoot: [] }, words);
  await using client = createClient({ dataDir, onWarning: (text) => out.warning(text) });
  const stage: Stage = { client, live, out, signal };
  let code: number = exitCodes.ok;
  try {
    const already = daemon.started ? "" : " (it was there already)";
    live.line(`Daemon with pid ${daemon.pid} on ${daemon.addresses.join(", ")}${already}`);
    code = await converse(stage, options);
    if (!options.once && !signal.aborted) {
      showMore(live, dataDir, stage.runnerId);
      await once(signal, "abort");
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await end(stage, daemon);
  }
  return code;
}

async function converse(stage: Stage, options: QuickstartOptions): Promise<number> {
  const { client, live, out, signal } = stage;
  await showEarlier(client, live, projectName);
  const ask = !options.once && process.stdin.isTTY === true && out.terminal;
  const agent = await chooseAgent(client, live, { ask, signal });
  const { asOfEventId } = await client.projects.list({ limit: 1 }, { signal });
  live.line(styled("bold", "\nEvents and answer as they come:"));
  stage.feed = new EventFeed(client, live, projectName, asOfEventId);
  await ensureProject(client, join(options.dataDir, "demo-project"), signal);
  const { id: runnerId } = await client.runners.create({ projectName, spec: { agent } }, { signal });
  stage.runnerId = runnerId;
  const runner = await awaitRunner(client, runnerId, ({ startedAt }) => startedAt !== undefined, signal);
  if (isOver(runner)) throw new CliError(`the agent did not start: ${runner.reason}`, exitCodes.failed);
  const session = await client.sessions.create({ runnerId }, { signal });
  live.line(`\n${styled("bold", "You:")} ${options.task}\n`);
  const { turn, cursor } = await client.sessions.send(
    { sessionId: session.id, text: options.task },
    { signal },
  );
  const request = { sessionId: session.id, cursor, untilTurnId: turn.id };
  const ended = await followTurn(client.sessions.stream(request, { signal }), stage, turn.id);
  if (ended === undefined) throw new CliError("the conversation ended before its answer", exitCodes.failed);
  await stage.feed.shown(({ eventType }) => eventType === EventType.TURN_COMPLETED);
  printTurnEnd(ended, stage);
  return ended.state === TurnState.COMPLETED ? exitCodes.ok : exitCodes.failed;
}

async function ensureProject(client: StratavoreClient, path: string, signal: AbortSignal): Promise<void> {
  try {
    await client.projects.get({ name: projectName }, { signal });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.NotFound) throw error;
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "README.txt"), "The project that `npm start` made for the demo agent.\n");
    await client.projects.create({ name: projectName, path, description: "Made by npm start" }, { signal });
  }
}

function showMore(live: LiveText, dataDir: string, runnerId = "RUNNER"): void {
  const here = relative(process.cwd(), dataDir);
  const command = `npx stratavore --data-dir ${here === "" || here.startsWith("..") ? dataDir : here}`;
  live.line(styled("bold", "\nIt all goes on until Ctrl-C. In another terminal, try:"));
  live.line(`  ${command} send ${runnerId} '!permission'`);
  live.line(`  ${command} approvals`);
  live.line(`  ${command} transcript ${runnerId}`);
  live.line(`  ${command} events --from-start`);
  live.line(`  ${command} token\n`);
}

/** Ends what was started here; what others started meanwhile lives on. */
async function end({ client, live, feed, runnerId }: Stage, daemon: RunningDaemon): Promise<void> {
  live.break();
  if (runnerId !== undefined) {
    const { runner } = await client.runners.stop({ runnerId });
    await feed?.shown(
      ({ eventType, runnerId: id }) => eventType === EventType.RUNNER_STOPPED && id === runnerId,
    );
    live.line(shown(`Stopped the runner: ${runner?.reason || "on request"}`));
  }
  const others = (await client.daemon.status()).daemonStatus?.activeRunners ?? 0;
  await feed?.close();
  if (!daemon.started) return;
  await stopDaemon(daemon.dataDir, stopTimeoutMs);
  const rest = others === 0 ? "" : `; ${others} other live runners go on, and the next start takes them up`;
  live.line(`Stopped the daemon${rest}`);
}
