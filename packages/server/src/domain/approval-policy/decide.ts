import { type ApprovalRule, PermissionMode } from "@stratavore/proto";
import type { AskedCall } from "./asked-call.js";
import { allowsCommand, restrictsCommand } from "./command-line.js";
import { matchesPath } from "./path-pattern.js";
import { folded, matchesText } from "./wildcard.js";

/** The first rule that speaks of a call; undefined: none does. */
export function firstMatch(
  rules: readonly ApprovalRule[],
  call: AskedCall,
): { rule: ApprovalRule; index: number } | undefined {
  const index = rules.findIndex((rule) => matches(rule, call));
  return index < 0 ? undefined : { rule: rules[index]!, index };
}

/** A rule that allows must speak of all that a call does, one that restricts only of a part of it. */
function matches(rule: ApprovalRule, call: AskedCall): boolean {
  if (!matchesTool(rule.tool, call)) return false;
  return rule.mode === PermissionMode.ALLOW ? covers(rule, call) : touches(rule, call);
}

function matchesTool(tool: string, { tools }: AskedCall): boolean {
  if (tool === "" || tool === "*") return true;
  return tools.some((each) => matchesText(folded(tool), folded(each)));
}

function covers({ path, command }: ApprovalRule, call: AskedCall): boolean {
  const { paths, folders, commands } = call;
  if (path === "" && command === "") return true;
  if (call.isUnsure || folders.some(({ inside }) => inside === undefined)) return false;
  if (command !== "" && !(commands.length > 0 && commands.every((line) => allowsCommand(command, line))))
    return false;
  if (path === "") return true;
  // What a command touches is more than what is said of it.
  if (call.runs && command === "") return false;
  return paths.length > 0 && paths.every(({ inside }) => inside !== undefined && matchesPath(path, inside));
}

function touches({ path, command }: ApprovalRule, call: AskedCall): boolean {
  const { paths, folders, commands, mentioned } = call;
  if (path === "" && command === "") return true;
  if (call.isUnsure) return true;
  if (command !== "" && ![...commands, ...mentioned].some((line) => restrictsCommand(command, line)))
    return false;
  if (path === "") return true;
  const wanted = folded(path);
  return [...paths, ...folders].some(({ names }) => names.some((name) => matchesPath(wanted, folded(name))));
}
