import type { StratavoreClient } from "@stratavore/client/node";
import { CliError, exitCodes } from "./exit-codes.js";

/** Id of the session that a runner opened last. @throws CliError: it has none */
export async function latestSession(
  client: StratavoreClient,
  runnerId: string,
  signal: AbortSignal,
): Promise<string> {
  const { sessions } = await client.sessions.list({ runnerId, limit: 1 }, { signal });
  const [session] = sessions;
  if (session !== undefined) return session.id;
  // Says so if there is no such runner.
  await client.runners.get({ runnerId }, { signal });
  throw new CliError(`runner ${runnerId} has no session yet`, exitCodes.precondition);
}
