import { ApprovalState, SessionStatus, type StreamSessionResponse } from "@stratavore/proto";
import { approvalMessage } from "../../domain/approvals.js";
import { sessionById } from "../../domain/sessions.js";
import { isOver } from "../../domain/turns.js";
import { sessionMessage, turnMessage } from "../../domain/views/session.js";
import type { Reads } from "../../store/index.js";

type Update = StreamSessionResponse["update"];

/** What a stream tells beside the transcript: the session, its turns and its approvals, each once per change. */
export class Standing {
  readonly #sessionId: string;
  readonly #untilTurnId: string;
  #session = "";
  readonly #turns = new OpenThings<number>();
  readonly #approvals = new OpenThings<number>();
  /** `seq` of the last turn that was told. */
  #lastTurn: number | undefined;

  /** @param untilTurnId the turn that is waited for: it is told, however old it is; empty for none */
  constructor(sessionId: string, untilTurnId: string) {
    this.#sessionId = sessionId;
    this.#untilTurnId = untilTurnId;
  }

  /** What is new since the last look; what it gives counts as told. */
  changes(read: Reads): Update[] {
    return [...this.#sessionChange(read), ...this.#turnChanges(read), ...this.#approvalChanges(read)];
  }

  #sessionChange(read: Reads): Update[] {
    const row = sessionById(read, this.#sessionId);
    const { status, title, model, agentSessionId, endedAt } = row;
    const state = JSON.stringify([status, title, model, agentSessionId, endedAt]);
    if (state === this.#session) return [];
    this.#session = state;
    return [{ case: "session", value: sessionMessage(row, read.turns.latest(row.id)) }];
  }

  #turnChanges(read: Reads): Update[] {
    const ids = this.#lastTurn === undefined ? [this.#untilTurnId] : this.#turns.ids;
    const known = ids.flatMap((id) => read.turns.byId(id) ?? []);
    const added = read.turns.after(this.#sessionId, this.#lastTurn ?? this.#beforeOpenTurns(read));
    this.#lastTurn = added.at(-1)?.seq ?? this.#lastTurn ?? 0;
    return this.#turns
      .changed([...known, ...added], ({ state }) => isOver(state))
      .map((row) => ({ case: "turn", value: turnMessage(row) }));
  }

  /** A stream begins with the turns that are open; without any, with the last one. */
  #beforeOpenTurns(read: Reads): number {
    const id = this.#sessionId;
    const first = read.turns.running(id) ?? read.turns.nextQueued(id) ?? read.turns.latest(id);
    return (first?.seq ?? 1) - 1;
  }

  #approvalChanges(read: Reads): Update[] {
    const known = this.#approvals.ids.flatMap((id) => read.approvals.byId(id) ?? []);
    const pending = read.approvals.pending({ sessionId: this.#sessionId });
    return this.#approvals
      .changed([...known, ...pending], ({ state }) => state !== ApprovalState.PENDING)
      .map((row) => ({ case: "approval", value: approvalMessage(row) }));
  }
}

/** Remembers the state in which things were told, for as long as it can change. */
class OpenThings<State> {
  readonly #told = new Map<string, State>();

  get ids(): string[] {
    return [...this.#told.keys()];
  }

  changed<Row extends { id: string; state: State }>(
    rows: readonly Row[],
    isFinal: (row: Row) => boolean,
  ): Row[] {
    const changed = rows.filter((row) => {
      if (this.#told.get(row.id) === row.state) return false;
      this.#told.set(row.id, row.state);
      return true;
    });
    for (const row of changed) if (isFinal(row)) this.#told.delete(row.id);
    return changed;
  }
}

/** Whether nothing more is to come: the turn that is waited for is over, or the session has left its runner. */
export function nothingMore(read: Reads, sessionId: string, untilTurnId: string): boolean {
  if (untilTurnId !== "") return isOver(read.turns.byId(untilTurnId)!.state);
  const { status } = sessionById(read, sessionId);
  return status === SessionStatus.ENDED || status === SessionStatus.RESUMABLE;
}
