import { create } from "@bufbuild/protobuf";
import { type ApprovalRule, ApprovalRuleSchema, type PermissionMode } from "@stratavore/proto";
import type { AskedCall } from "./asked-call.js";
import { firstMatch } from "./decide.js";
import { literally } from "./wildcard.js";

/** Kinds of calls of which nothing but the kind need be known. */
const telling = new Set(["fetch", "search", "think"]);
/** Kinds that do too different things to be answered alike when they do not tell what. */
const vague = new Set(["execute", "read", "edit", "delete", "move"]);

/** The longest that a rule can hold, by the contract. */
const longest = { tool: 200, path: 1024, command: 4096 };

/** The rule that answers this call, and others only if they are the same in what rules look at; undefined: there is none. */
export function ruleFor(call: AskedCall, kind: string, mode: PermissionMode): ApprovalRule | undefined {
  const tool = literally(call.tools.at(-1) ?? "");
  const what = partOf(call, kind);
  if (what === undefined || (tool === "" && Object.keys(what).length === 0)) return undefined;
  const rule = create(ApprovalRuleSchema, { tool, ...what, mode });
  const fits = (["tool", "path", "command"] as const).every((field) => rule[field].length <= longest[field]);
  return fits && firstMatch([rule], call) !== undefined ? rule : undefined;
}

function partOf(call: AskedCall, kind: string): { path?: string; command?: string } | undefined {
  const { commands, paths } = call;
  if (call.runs || commands.length > 0) {
    return commands.length === 1 ? { command: literally(commands[0]!) } : undefined;
  }
  const places = new Set(paths.map(({ inside, names }) => inside ?? names[0]!));
  if (places.size === 1) return { path: literally([...places][0]! || ".") };
  if (places.size > 1) return undefined;
  const isNamed = call.tools.length > 1 || (call.tools.length === 1 && call.tools[0] !== kind);
  return telling.has(kind) || (isNamed && !vague.has(kind)) ? {} : undefined;
}
