import { homedir } from "node:os";
import { create } from "@bufbuild/protobuf";
import {
  ApprovalPolicySchema,
  type ApprovalRule,
  type PermissionMode,
  ProjectConfigSchema,
} from "@stratavore/proto";
import { firstMatch } from "../../domain/approval-policy/decide.js";
import { ruleFor } from "../../domain/approval-policy/rule-for.js";
import { approvalMessage } from "../../domain/approvals.js";
import { failedPrecondition } from "../../domain/errors.js";
import { updateProject } from "../../domain/projects.js";
import { configOf } from "../../domain/views/project.js";
import type { ApprovalRow, Transaction } from "../../store/index.js";
import type { RunnerMemory } from "../runner/memory.js";
import { askedCall } from "./asked-call.js";

/** Rules that a policy can have, by the contract. */
const maxRules = 256;

/**
 * Makes the answer to an approval a rule of its project, before the rule that asked.
 *
 * @throws DomainError failed_precondition where no rule could say just this
 */
export function rememberForProject(
  tx: Transaction,
  row: ApprovalRow,
  { stored }: Pick<RunnerMemory, "stored">,
  mode: PermissionMode,
): ApprovalRule {
  const project = tx.projects.byUid(tx.sessions.byId(row.sessionId)!.projectUid)!;
  const { toolCall } = approvalMessage(row);
  const call = askedCall(toolCall!, stored.cwd ?? project.path, homedir());
  const rule = ruleFor(call, toolCall!.toolKind, mode);
  const refused = (why: string) =>
    failedPrecondition("APPROVAL_RULE", `${why}; answer it this once`, { approval: row.id });
  if (rule === undefined) {
    throw refused(
      "no rule of a project could say just this: set one yourself by UpdateProject, if it is to be wider",
    );
  }
  const config = configOf(project) ?? create(ProjectConfigSchema);
  const policy = config.approvalPolicy ?? create(ApprovalPolicySchema);
  if (policy.rules.length >= maxRules)
    throw refused(`project "${project.name}" has ${maxRules} rules already`);
  const at = firstMatch(policy.rules, call)?.index ?? policy.rules.length;
  const rules = policy.rules.toSpliced(at, 0, rule);
  const approvalPolicy = { ...policy, rules };
  updateProject(tx, project.name, { config: { ...config, approvalPolicy } }, "");
  return rule;
}
