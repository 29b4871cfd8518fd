import { create } from "@bufbuild/protobuf";
import {
  type Session as Conversation,
  RunnerStatus,
  SendMessageResponseSchema,
  SessionStatus,
  TurnState,
} from "@stratavore/client/node";
import { Command } from "commander";
import { exitCodes } from "../exit-codes.js";
import { awaitRunner } from "../follow/runner.js";
import { type FollowView, followTurn, printTurnEnd, reconnectNote } from "../follow/turn.js";
import { findId } from "../ids.js";
import { LiveText } from "../output/live-text.js";
import { textFrom } from "../read-text.js";
import { action, type Session } from "../session.js";

export const sendCommand = (): Command =>
  new Command("send")
    .description("say something to an agent and follow its answer")
    .argument(
      "<runner|session>",
      "its id, or what it begins or ends with; a runner without a session opens one",
    )
    .argument("<text...>", "what to say, or - to read it from standard input")
    .option("--no-follow", "end as soon as the message is accepted")
    .action(action(send));

async function send(
  session: Session,
  { follow }: { follow: boolean },
  given: string,
  words: string[],
): Promise<number> {
  const { client, out, signal } = session;
  const text = await textFrom(words);
  const { kind, id } = await findId(client, ["runner", "session"], given);
  const sessionId = kind === "session" ? id : await openSession(session, id);
  const { turn, cursor } = await client.sessions.send({ sessionId, text }, { signal });
  if (!follow || out.json) {
    out.json
      ? out.message(SendMessageResponseSchema, create(SendMessageResponseSchema, { turn, cursor }))
      : out.line(turn.id);
  }
  if (!follow) return exitCodes.ok;
  const view: FollowView = { out, live: new LiveText() };
  const request = { sessionId, cursor, untilTurnId: turn.id };
  const stream = client.sessions.stream(request, { signal, onReconnect: reconnectNote(view) });
  try {
    const ended = await followTurn(stream, view, turn.id);
    if (ended === undefined) return exitCodes.failed;
    printTurnEnd(ended, view);
    return ended.state === TurnState.COMPLETED ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    if (!signal.aborted) throw error;
    view.live.break();
    out.note(`No longer following; the turn goes on. See it with: stratavore transcript ${sessionId}`);
    return exitCodes.interrupted;
  }
}

/** The runner's session that can be spoken to, opened if it has none. */
async function openSession({ client, signal }: Session, runnerId: string): Promise<string> {
  const runner = await awaitRunner(
    client,
    runnerId,
    ({ status }) => status !== RunnerStatus.STARTING,
    signal,
  );
  if (runner.sessionId !== "") return runner.sessionId;
  const { sessions } = await client.sessions.list({ runnerId, limit: 1 }, { signal });
  const opening = sessions.find(isLive);
  return opening?.id ?? (await client.sessions.create({ runnerId }, { signal })).id;
}

const isLive = ({ status }: Conversation) => status === SessionStatus.ACTIVE || status === SessionStatus.IDLE;
