import { asc, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Connection } from "../connection.js";
import type { ApprovalPatch, ApprovalRow, NewApproval } from "../rows.js";
import { APPROVAL_STATES, approvals } from "../schema/index.js";
import type { Values } from "../statements.js";
import { inserter } from "./insert.js";
import { armValues, mergedWalks } from "./merged-walks.js";
import { patcher } from "./patch.js";
import type { AfterKey } from "./status-pages.js";

const slot = sql.placeholder;

/** Which pending approvals; what is left out does not narrow. */
export interface PendingFilter {
  readonly projectName?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** 1000 if left out. */
  readonly limit?: number | undefined;
}

/** Which approvals, and which page of them; what is left out, or an empty list of states, does not narrow. */
export interface ApprovalFilter {
  readonly projectName?: string | undefined;
  readonly runnerId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly states?: readonly number[] | undefined;
  readonly limit: number;
  /** The last row of the page before. */
  readonly afterKey?: AfterKey | undefined;
}

/** The narrowest comes first: its index leads the walk. */
const OWNERS = ["sessionId", "runnerId", "projectName"] as const;

export class ApprovalReads {
  readonly #connection: Connection;
  readonly #pages = new Map<string, (values?: Values) => ApprovalRow[]>();
  readonly #byId;
  readonly #pending;
  readonly #due;
  readonly #byAgentRequest;

  constructor(connection: Connection) {
    const { narrow } = connection;
    this.#connection = connection;
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
    this.#due = narrow.all((db) =>
      db
        .select()
        .from(approvals)
        .where(sql`resolved_at IS NULL AND ${approvals.deadline} <= ${slot("now")}`)
        .orderBy(asc(approvals.createdAt), asc(approvals.id))
        .limit(1000),
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

  /** Up to 1000 that are not resolved yet and whose deadline is not after `now`, oldest first. */
  due(now: number): ApprovalRow[] {
    return this.#due({ now });
  }

  /** A page, oldest first. */
  list(filter: ApprovalFilter): ApprovalRow[] {
    const { limit, afterKey } = filter;
    const states = APPROVAL_STATES.filter((state) => !filter.states?.length || filter.states.includes(state));
    if (states.length === 0) return [];
    const owners = OWNERS.filter((owner) => filter[owner] !== undefined);
    const key = `${owners} ${states.length} ${afterKey !== undefined}`;
    let page = this.#pages.get(key);
    if (!page) {
      page = this.#pageOf(owners, states.length, afterKey !== undefined);
      this.#pages.set(key, page);
    }
    const values = Object.fromEntries(owners.map((owner) => [owner, filter[owner]]));
    const after = { afterCreatedAt: afterKey?.createdAt, afterId: afterKey?.id };
    return page({ ...values, ...armValues(states), ...after, limit, offset: 0 });
  }

  #pageOf(owners: readonly (typeof OWNERS)[number][], arms: number, after: boolean) {
    const newer = sql`(${approvals.createdAt}, ${approvals.id}) > (${slot("afterCreatedAt")}, ${slot("afterId")})`;
    // The plus keeps SQLite from leaving the leader's index for another's.
    const where: SQL[] = owners.map((owner, place) =>
      place === 0 ? eq(approvals[owner], slot(owner)) : sql`+${approvals[owner]} = ${slot(owner)}`,
    );
    if (after) where.push(newer);
    const order = [asc(approvals.createdAt), asc(approvals.id)];
    return this.#connection.narrow.all<ApprovalRow>((db) =>
      mergedWalks(db, { table: approvals, by: approvals.state, arms, where, order }),
    );
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
