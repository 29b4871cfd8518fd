import {
  type AgentApp,
  type AgentContext,
  agent,
  type NewSessionRequest,
  RequestError,
  type SessionId,
} from "@agentclientprotocol/sdk";
import type { Script, ScriptedMethod } from "../script/script.js";
import type { OpenSession, Sessions } from "../sessions/sessions.js";
import type { Settings } from "../sessions/settings.js";
import type { Host } from "../turn/host.js";
import { sendUpdate } from "../turn/send-update.js";
import { playFault } from "./faults.js";
import { describeAgent } from "./initialize.js";
import type { Prompts } from "./prompt.js";

/** What the methods of the agent work on. */
export interface AppParts {
  script: Script;
  sessions: Sessions;
  settings: Settings;
  prompts: Prompts;
  host: Host;
}

/** The agent's ACP methods, each behind the fault that the script sets on it. */
export function createApp({ script, sessions, settings, prompts, host }: AppParts): AgentApp {
  const offered = script.capabilities ?? {};
  const app = agent({ name: "stratavore-demo" });

  /** A handler that plays the method's fault before it answers. */
  function after<Context, Response>(
    method: ScriptedMethod,
    answer: (context: Context) => Response | Promise<Response>,
  ): (context: Context) => Promise<Response> {
    return async (context) => {
      await playFault(script.on?.[method], host);
      return answer(context);
    };
  }

  app.onRequest(
    "initialize",
    after("initialize", () => describeAgent(offered)),
  );
  app.onRequest(
    "session/new",
    after("session/new", ({ params }) => opened(sessions.create(params))),
  );
  app.onRequest(
    "session/prompt",
    after("session/prompt", (context) => prompts.answer(context)),
  );
  app.onNotification("session/cancel", ({ params }) => sessions.find(params.sessionId)?.turn?.cancel());

  if (offered.loadSession !== false) {
    app.onRequest(
      "session/load",
      after("session/load", async ({ params, client }) => {
        const session = sessions.reopen(params.sessionId, params);
        await replay(session, client);
        return settings.describe(session.record);
      }),
    );
  }
  if (offered.resume !== false) {
    app.onRequest(
      "session/resume",
      after("session/resume", ({ params }) =>
        settings.describe(sessions.reopen(params.sessionId, params).record),
      ),
    );
  }
  if (offered.list !== false) {
    app.onRequest(
      "session/list",
      after("session/list", ({ params }) => sessions.list(params)),
    );
  }
  if (offered.close !== false) {
    app.onRequest(
      "session/close",
      after("session/close", ({ params }) => sessions.close(params.sessionId)),
    );
  }
  if (offered.delete !== false) {
    app.onRequest(
      "session/delete",
      after("session/delete", ({ params }) => sessions.delete(params.sessionId)),
    );
  }
  if (offered.fork) {
    app.onRequest(
      "session/fork",
      forkRequest,
      after("session/fork", ({ params }) => opened(sessions.fork(params.sessionId, params))),
    );
  }
  if (offered.modes !== false) {
    app.onRequest(
      "session/set_mode",
      after("session/set_mode", async ({ params, client }) => {
        const session = sessions.get(params.sessionId);
        settings.setMode(session.record, params.modeId);
        sessions.save(session);
        if (offered.configOptions !== false) await announceOptions(session, client);
      }),
    );
  }
  if (offered.configOptions !== false) {
    app.onRequest(
      "session/set_config_option",
      after("session/set_config_option", async ({ params, client }) => {
        const session = sessions.get(params.sessionId);
        settings.setOption(session.record, params.configId, params.value);
        sessions.save(session);
        if (params.configId === "mode") await announceMode(session, client);
        return { configOptions: settings.configOptions(session.record) };
      }),
    );
  }
  return app;

  function opened(session: OpenSession) {
    return { sessionId: session.record.sessionId, ...settings.describe(session.record) };
  }

  function announceOptions({ record }: OpenSession, client: AgentContext): Promise<void> {
    const configOptions = settings.configOptions(record);
    return sendUpdate(client, record.sessionId, { sessionUpdate: "config_option_update", configOptions });
  }
}

function announceMode({ record }: OpenSession, client: AgentContext): Promise<void> {
  return sendUpdate(client, record.sessionId, {
    sessionUpdate: "current_mode_update",
    currentModeId: record.mode,
  });
}

async function replay({ record }: OpenSession, client: AgentContext): Promise<void> {
  for (const update of record.history) {
    await sendUpdate(client, record.sessionId, update);
  }
}

/** Reads the params of `session/fork`, which stable ACP has no schema for. */
function forkRequest(params: unknown): Pick<NewSessionRequest, "cwd"> & { sessionId: SessionId } {
  const { sessionId, cwd } = (params ?? {}) as Record<string, unknown>;
  if (typeof sessionId !== "string" || typeof cwd !== "string") {
    throw RequestError.invalidParams(undefined, "session/fork takes sessionId and cwd");
  }
  return { sessionId, cwd };
}
