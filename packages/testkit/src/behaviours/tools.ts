import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import type {
  PermissionOption,
  RequestPermissionRequest,
  RequestPermissionResponse,
  ToolCallUpdate,
} from "@agentclientprotocol/sdk";
import { listWorkingDirectory } from "../turn/tool-calls.js";
import { type Turn, TurnEnd } from "../turn/turn.js";
import type { Behaviours } from "./behaviour.js";

const options: PermissionOption[] = [
  { optionId: "allow-once", name: "Allow", kind: "allow_once" },
  { optionId: "allow-always", name: "Always allow", kind: "allow_always" },
  { optionId: "reject-once", name: "Reject", kind: "reject_once" },
  { optionId: "reject-always", name: "Always reject", kind: "reject_always" },
];

/** Directives that use tools. */
export const toolBehaviours: Behaviours<"tool" | "diff" | "permission"> = {
  async tool(turn, { outcome }) {
    await listWorkingDirectory(turn, { fail: outcome === "fail" });
  },

  async diff(turn, { path = "demo.txt" }) {
    const file = resolve(turn.session.record.cwd, path);
    const toolCallId = `call_${randomUUID()}`;
    turn.endMessage();
    await turn.emit({
      sessionUpdate: "tool_call",
      toolCallId,
      title: `Edit ${path}`,
      kind: "edit",
      status: "in_progress",
      locations: [{ path: file, line: 1 }],
      rawInput: { path: file },
    });
    await turn.emit({
      sessionUpdate: "tool_call_update",
      toolCallId,
      status: "completed",
      content: [{ type: "diff", path: file, oldText: "Hello\n", newText: "Hello, world\n" }],
    });
  },

  async permission(turn, { title = "Remove build/" }) {
    const toolCallId = `call_${randomUUID()}`;
    const rawInput = { command: ["rm", "-r", join(turn.session.record.cwd, "build")] };
    const toolCall = { toolCallId, title, kind: "execute", status: "pending", rawInput } as const;
    turn.endMessage();
    await turn.emit({ sessionUpdate: "tool_call", ...toolCall });
    const chosen = await askPermission(turn, toolCall);
    const allowed = options.some((option) => option.optionId === chosen && option.kind.startsWith("allow"));
    const text = allowed ? "Allowed. This is a script: nothing was run." : "Not allowed. Nothing was run.";
    await turn.emit({
      sessionUpdate: "tool_call_update",
      toolCallId,
      status: allowed ? "completed" : "failed",
      content: [{ type: "content", content: { type: "text", text } }],
    });
    await turn.say(`permission: ${chosen}\n`);
  },
};

/** The chosen option's id. Throws {@link TurnEnd} when the turn is cancelled or the client says so. */
async function askPermission(turn: Turn, toolCall: ToolCallUpdate): Promise<string> {
  const cancelled = turn.hang();
  const request: RequestPermissionRequest = { sessionId: turn.session.record.sessionId, toolCall, options };
  const answered: Promise<RequestPermissionResponse> = turn.client.request(
    "session/request_permission",
    request,
    { cancellationSignal: turn.signal },
  );
  // A client that never answers must not keep a cancelled turn open.
  const { outcome } = await Promise.race([answered, cancelled]);
  if (outcome.outcome === "cancelled") throw new TurnEnd("cancelled");
  return outcome.optionId;
}
