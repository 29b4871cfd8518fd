import {
  type InitializeResponse,
  PROTOCOL_VERSION,
  type SessionCapabilities,
} from "@agentclientprotocol/sdk";
import type { ScriptedCapabilities } from "../script/script.js";

/** The answer to `initialize`: who the agent is and what it can do. */
export function describeAgent(offered: ScriptedCapabilities): InitializeResponse {
  const sessionCapabilities: SessionCapabilities & { fork?: object } = {
    ...(offered.resume !== false && { resume: {} }),
    ...(offered.list !== false && { list: {} }),
    ...(offered.close !== false && { close: {} }),
    ...(offered.delete !== false && { delete: {} }),
    ...(offered.fork && { fork: {} }),
  };
  return {
    protocolVersion: PROTOCOL_VERSION,
    agentInfo: {
      name: "stratavore-demo",
      title: "Demo agent (a script, not a model)",
      // Counts changes of the demo itself, not releases of the package.
      version: "1",
    },
    agentCapabilities: {
      loadSession: offered.loadSession !== false,
      promptCapabilities: {
        image: offered.image !== false,
        embeddedContext: offered.embeddedContext !== false,
      },
      sessionCapabilities,
    },
    authMethods: [],
  };
}
