import {
  type CancelTurnRequest,
  type StratavoreClient,
  type Turn,
  TurnSchema,
  TurnState,
} from "@stratavore/client/node";
import { Command } from "commander";
import { CliError, exitCodes } from "../exit-codes.js";
import { isTurnOver } from "../follow/turn.js";
import { type FoundId, findId } from "../ids.js";
import { action } from "../session.js";

interface Options {
  turn?: string;
  wait: boolean;
}

const examples = `
Examples:
  stratavore cancel x81qj3                     the turn that runs on this runner
  stratavore cancel x81qj3 --turn turn_01m8…   one that waits for its turn`;

export const cancelCommand = (): Command =>
  new Command("cancel")
    .description("ask an agent to stop what it does now; it stays up for the next message")
    .argument("<runner|session>", "its id, or what it begins or ends with")
    .option("--turn <id>", "this turn (default: the one that runs)")
    .option("--no-wait", "end as soon as the agent is asked")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { turn: turnId, wait }: Options, given: string) => {
        const sessionId = await sessionOf(client, await findId(client, ["runner", "session"], given), signal);
        const asked = await client.sessions.cancelTurn({ sessionId, turnId }, { signal });
        const turn = wait ? await ended(client, asked, signal) : asked;
        if (signal.aborted) out.note("No longer waiting for the turn to end; its agent has been asked.");
        if (out.json) out.message(TurnSchema, turn);
        else out.line(`${turn.id} ${wordOf(turn)}`);
        return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
      }),
    );

/** A session is itself, a runner its active one. @throws CliError: it has none */
async function sessionOf(
  client: StratavoreClient,
  { kind, id }: FoundId,
  signal: AbortSignal,
): Promise<CancelTurnRequest["sessionId"]> {
  if (kind === "session") return id;
  const { sessionId } = await client.runners.get({ runnerId: id }, { signal });
  if (sessionId !== "") return sessionId;
  throw new CliError(`runner ${id} has no active session, so nothing runs on it`, exitCodes.precondition);
}

/** The turn once it is over, which the agent decides, or as it is when the wait is interrupted. */
async function ended(client: StratavoreClient, turn: Turn, signal: AbortSignal): Promise<Turn> {
  if (isTurnOver(turn)) return turn;
  const { sessionId, id: untilTurnId } = turn;
  const steps = client.sessions.stream({ sessionId, untilTurnId, completeMessagesOnly: true }, { signal });
  let now = turn;
  try {
    for await (const { update } of steps) {
      if (update.case === "turn" && update.value.id === turn.id) now = update.value;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return now;
}

const wordOf = (turn: Turn) =>
  isTurnOver(turn) ? (TurnState[turn.state] ?? "").toLowerCase().replace("_", " ") : "is asked to stop";
