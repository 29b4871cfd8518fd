import { resolve } from "node:path";
import type { ToolCall } from "@stratavore/proto";
import type { AskedCall } from "../../domain/approval-policy/asked-call.js";
import { readInput } from "../../domain/approval-policy/call-input.js";
import { pathOfLocation, touchedPaths } from "./touched-path.js";

/** Calls of these kinds run no command, whatever their inputs are named. */
const quiet = new Set(["read", "edit", "delete", "move", "search", "think", "fetch"]);

/** What rules look at of a call, with its paths as they are on disk now. `folder` is where the agent was started. */
export function askedCall(call: ToolCall, folder: string, home: string): AskedCall {
  const { paths, folders, commands, mentioned, isUnsure } = readInput(call);
  const tools = [call.toolKind, call.name].filter(Boolean);
  if (isUnsure) return { tools, paths: [], folders: [], commands, mentioned, runs: true, isUnsure };
  const located = new Set(call.locations);
  const named = paths.map((path) => (located.has(path) ? pathOfLocation(path, folder) : path));
  const bases = [folder, ...folders.map((each) => resolve(folder, each))];
  const whole = (path: string, bases: readonly string[]) => touchedPaths(path, folder, bases, home);
  return {
    tools,
    paths: [...new Set(named)].flatMap((path) => whole(path, bases)),
    folders: folders.flatMap((path) => whole(path, [folder])),
    commands,
    mentioned,
    runs: call.toolKind === "execute" || (commands.length > 0 && !quiet.has(call.toolKind)),
    isUnsure,
  };
}
