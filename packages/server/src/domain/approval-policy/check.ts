import { PermissionMode, type ProjectConfig } from "@stratavore/proto";
import { invalidField } from "../errors.js";

/** @throws DomainError invalid_argument for a rule that allows and could never match */
export function checkApprovalPolicy(config: ProjectConfig | undefined): void {
  for (const [index, { path, mode }] of (config?.approvalPolicy?.rules ?? []).entries()) {
    if (mode !== PermissionMode.ALLOW || !/^[/~]|(^|\/)\.\.(\/|$)/.test(path)) continue;
    throw invalidField(
      `config.approval_policy.rules.${index}.path`,
      `"${path.slice(0, 100)}" leaves the project; what a rule allows is in it: give a path relative to it`,
    );
  }
}
