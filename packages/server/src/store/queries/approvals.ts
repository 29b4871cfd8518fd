import { asc, desc, eq, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { ApprovalPatch, ApprovalRow, NewApproval } from "../rows.js";
import { approvals } from "../schema/index.js";
import { inserter } from "./insert.js";
import { patcher } from "./patch.js";

const slot = sql.placeholder;

/** Which pending approvals; what is left out does not narrow. */
export interface PendingFilter {
  readonly projectName?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** 1000 if left out. */
  readonly limit?: number | undefined;
}

export class ApprovalReads {
  readonly #byId;
  readonly #pending;
  readonly #byAgentRequest;

  constructor({ narrow }: Connection) {
    this.#byId = narrow.get((db) =>
      db
        .select()
        .from(approvals)
        .where(eq(approvals.id, slot("id"))),
    );
    // Few are pending at a time, so one walk over their partial index serves every filter.
    this.#pending = narrow.all((db) =>
      db
        .select()
        .from(approvals)
        .where(
          sql`resolved_at IS NULL
            AND (${slot("projectName")} IS NULL OR +${approvals.projectName} = ${slot("projectName")})
            AND (${slot("runnerId")} IS NULL OR +${approvals.runnerId} = ${slot("runnerId")})
            AND (${slot("sessionId")} IS NULL OR +${approvals.sessionId} = ${slot("sessionId")})`,
        )
        .orderBy(asc(approvals.createdAt), asc(approvals.id))
        .limit(slot("limit")),
    );
    this.#byAgentRequest = narrow.get((db) =>
      db
        .select()
        .from(approvals)
        .where(
          sql`${eq(approvals.runnerId, slot("runnerId"))} AND ${eq(approvals.agentRequestId, slot("request"))}`,
        )
        .orderBy(desc(sql`rowid`))
        .limit(1),
    );
  }

  byId(id: string): ApprovalRow | undefined {
    return this.#byId({ id });
  }

  /** Those not resolved yet, oldest first. */
  pending(filter: PendingFilter = {}): ApprovalRow[] {
    const { projectName = null, runnerId = null, sessionId = null, limit = 1000 } = filter;
    return this.#pending({ projectName, runnerId, sessionId, limit });
  }

  /** The newest one for the agent's request id, which another process of the runner may use again. */
  byAgentRequest(runnerId: string, agentRequestId: string): ApprovalRow | undefined {
    return this.#byAgentRequest({ runnerId, request: agentRequestId });
  }
}

export class ApprovalWrites extends ApprovalReads {
  readonly #wake;
  readonly #insert;
  readonly #update;

  constructor(connection: Connection, wake: (topic: string) => void) {
    super(connection);
    this.#wake = wake;
    this.#insert = inserter(connection.narrow, approvals);
    this.#update = patcher(connection.narrow, approvals, eq(approvals.id, slot("whereId")));
  }

  insert(approval: NewApproval): ApprovalRow {
    const row = this.#insert(approval);
    this.#wake(`session:${row.sessionId}`);
    return row;
  }

  /** The row after the update; undefined if there is none. */
  update(id: string, patch: ApprovalPatch): ApprovalRow | undefined {
    const row = this.#update(patch, { whereId: id });
    if (row) this.#wake(`session:${row.sessionId}`);
    return row;
  }
}
