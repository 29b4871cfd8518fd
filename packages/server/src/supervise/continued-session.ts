import { randomUUID } from "node:crypto";
import type { ClaudeLaunch } from "../agents/index.js";
import type { SessionRow } from "../store/index.js";

/** A session that a new process is started for. */
export interface ContinuedSession {
  agentSessionId: string;
  /** Nothing was ever said in it. */
  isEmpty: boolean;
  /** It is to go on as a copy. */
  fork: boolean;
}

export const continuedSession = (
  { agentSessionId, nextOrdinal }: SessionRow,
  fork: boolean,
): ContinuedSession => ({ agentSessionId: agentSessionId ?? "", isEmpty: nextOrdinal === 1n, fork });

/** Claude Code keeps no conversation in which nothing was said: such a one begins anew under its id. */
export function claudeLaunch(model: string, continued: ContinuedSession | undefined): ClaudeLaunch {
  const own = continued === undefined || continued.fork;
  const agentSessionId = own ? randomUUID() : continued.agentSessionId;
  const resumes = continued === undefined || continued.isEmpty ? {} : { resumes: continued.agentSessionId };
  return { agentSessionId, model, ...resumes };
}
