import type { AgentContext, SessionNotification, SessionUpdate } from "@agentclientprotocol/sdk";

/**
 * Sends a `session/update`; resolves once it is written.
 *
 * It also brings back the type check: the SDK's `notify` takes any params for any method.
 */
export function sendUpdate(client: AgentContext, sessionId: string, update: SessionUpdate): Promise<void> {
  const notification: SessionNotification = { sessionId, update };
  return client.notify("session/update", notification);
}
