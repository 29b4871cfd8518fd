import { randomUUID } from "node:crypto";
import { isAbsolute } from "node:path";
import type { McpServer, SessionInfo } from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import type { Turn } from "../turn/turn.js";
import type { SessionFolder } from "./folder.js";
import type { SessionRecord } from "./record.js";
import type { Settings } from "./settings.js";

/** A session that is open in this process. */
export interface OpenSession {
  readonly record: SessionRecord;
  /** Names of the MCP servers the client asked for; none is started. */
  readonly mcpServers: readonly string[];
  /** The turn that runs. */
  turn: Turn | null;
}

interface Opening {
  cwd: string;
  mcpServers?: McpServer[] | null;
}

const pageSize = 100;

/** The sessions of this process over the folder of stored ones. */
export class Sessions {
  readonly #open = new Map<string, OpenSession>();
  readonly #folder: SessionFolder;
  readonly #settings: Settings;

  constructor(folder: SessionFolder, settings: Settings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  create(opening: Opening): OpenSession {
    const now = new Date().toISOString();
    return this.#start(opening, {
      version: 1,
      sessionId: randomUUID(),
      cwd: opening.cwd,
      title: null,
      createdAt: now,
      updatedAt: now,
      ...this.#settings.defaults,
      turns: 0,
      contextTokens: 0,
      costNanos: 0,
      history: [],
    });
  }

  /** Opens a stored session again. Throws a not-found error when there is none. */
  reopen(sessionId: string, opening: Opening): OpenSession {
    const running = this.#open.get(sessionId);
    if (running?.turn) throw RequestError.invalidRequest({ sessionId }, "a turn of this session is running");
    return this.#start(opening, this.#stored(sessionId));
  }

  /** A copy under a new id, opened. */
  fork(sessionId: string, opening: Opening): OpenSession {
    const now = new Date().toISOString();
    const copy = structuredClone(this.#open.get(sessionId)?.record ?? this.#stored(sessionId));
    return this.#start(opening, { ...copy, sessionId: randomUUID(), createdAt: now, updatedAt: now });
  }

  /** An open session. Throws a not-found error for one that is not open here. */
  get(sessionId: string): OpenSession {
    const session = this.#open.get(sessionId);
    if (!session) throw RequestError.sessionNotFound(sessionId);
    return session;
  }

  find(sessionId: string): OpenSession | undefined {
    return this.#open.get(sessionId);
  }

  /** Cancels what runs and forgets the session here; it stays stored. */
  close(sessionId: string): void {
    const session = this.get(sessionId);
    session.turn?.cancel();
    this.save(session);
    this.#open.delete(sessionId);
  }

  delete(sessionId: string): void {
    if (this.#open.has(sessionId)) this.close(sessionId);
    this.#folder.remove(sessionId);
  }

  save(session: OpenSession): void {
    // A turn that outlived its closed or deleted session must not bring the file back.
    if (this.#open.get(session.record.sessionId) !== session) return;
    session.record.updatedAt = new Date().toISOString();
    this.#folder.write(session.record);
  }

  saveAll(): void {
    for (const session of this.#open.values()) this.save(session);
  }

  /** A page of stored sessions, the last used first; the cursor is the position. */
  list(filter: { cwd?: string | null; cursor?: string | null }): {
    sessions: SessionInfo[];
    nextCursor?: string;
  } {
    const start = Number(filter.cursor ?? 0);
    if (!Number.isSafeInteger(start) || start < 0) {
      throw RequestError.invalidParams({ cursor: filter.cursor }, "not a cursor of this agent");
    }
    const all = this.#folder.list().filter((record) => !filter.cwd || record.cwd === filter.cwd);
    const end = start + pageSize;
    return {
      sessions: all.slice(start, end).map(({ sessionId, cwd, title, updatedAt }) => ({
        sessionId,
        cwd,
        title,
        updatedAt,
      })),
      ...(end < all.length && { nextCursor: String(end) }),
    };
  }

  #stored(sessionId: string): SessionRecord {
    const record = this.#folder.read(sessionId);
    if (!record) throw RequestError.sessionNotFound(sessionId);
    return record;
  }

  #start(opening: Opening, record: SessionRecord): OpenSession {
    if (!isAbsolute(opening.cwd)) {
      throw RequestError.invalidParams({ cwd: opening.cwd }, "cwd takes an absolute path");
    }
    record.cwd = opening.cwd;
    const session: OpenSession = {
      record,
      mcpServers: (opening.mcpServers ?? []).map((server) => server.name),
      turn: null,
    };
    this.#open.set(record.sessionId, session);
    this.#folder.write(record);
    return session;
  }
}
