import { type Approval, type ApprovalRule, PermissionMode } from "@stratavore/client/node";

export const modeWord = (mode: PermissionMode): string => (PermissionMode[mode] ?? "").toLowerCase();

/** A rule in words: `allow tool execute command "npm *"`. */
export function ruleText({ mode, tool, path, command }: ApprovalRule): string {
  const parts = Object.entries({ tool, path, command }).filter(([, pattern]) => pattern !== "");
  return [modeWord(mode), ...parts.map(([name, pattern]) => `${name} ${JSON.stringify(pattern)}`)].join(" ");
}

/** Who or what answered: `ada`, `deadline`, `policy (deny tool "edit")`. */
export const answeredBy = ({ resolvedBy, rule }: Approval): string =>
  rule === undefined ? resolvedBy : `${resolvedBy} (${ruleText(rule)})`;
