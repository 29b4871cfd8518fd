import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type ApprovalPolicy,
  ApprovalPolicySchema,
  type ApprovalRule,
  ApprovalRuleSchema,
  PermissionMode,
  type Project,
  ProjectConfigSchema,
  ProjectSchema,
} from "@stratavore/client/node";
import { Argument, Command, Option } from "commander";
import { CliError, exitCodes } from "../exit-codes.js";
import { modeWord, ruleText } from "../output/rule.js";
import { printTable } from "../output/table.js";
import { numberOption } from "../parse.js";
import { action, type Session } from "../session.js";

const modes = { allow: PermissionMode.ALLOW, ask: PermissionMode.ASK, deny: PermissionMode.DENY };

/** `project rules`: what a project answers by itself to what its agents ask. */
export const rulesCommand = (): Command =>
  new Command("rules")
    .description("list the rules by which a project answers its agents; the first that matches decides")
    .argument("<project>", "its name")
    .action(
      action(async ({ client, out, signal }, _: object, name: string) => {
        const project = await client.projects.get({ name }, { signal });
        const policy = policyOf(project);
        if (out.json) out.message(ApprovalPolicySchema, policy);
        else {
          const rows = policy.rules.map((rule, index) => ({ place: index + 1, rule }));
          printTable(out, columns, rows);
          out.note(policyText(policy));
        }
        return 0;
      }),
    );

const columns = [
  { title: "RULE", value: ({ place }: Row) => String(place) },
  { title: "ANSWER", value: ({ rule }: Row) => modeWord(rule.mode) },
  { title: "TOOL", value: ({ rule }: Row) => rule.tool },
  { title: "PATH", value: ({ rule }: Row) => rule.path },
  { title: "COMMAND", value: ({ rule }: Row) => rule.command },
];

interface Row {
  place: number;
  rule: ApprovalRule;
}

interface AddOptions {
  tool?: string;
  path?: string;
  command?: string;
  at?: number;
}

const place = numberOption({ min: 1, max: 256 });

export const addRuleCommand = (): Command =>
  new Command("add-rule")
    .description("let a project answer its agents: what is not given is any")
    .argument("<project>", "its name")
    .addArgument(new Argument("<answer>", "what is answered").choices(Object.keys(modes)))
    .option("--tool <pattern>", "kind or name of the tool, with * for anything")
    .option("--path <pattern>", "path in the project that it touches, with * and **")
    .option("--command <pattern>", "command line that it runs, with * for anything")
    .option("--at <place>", "its place (default: the last)", place)
    .action(
      action(async (session, options: AddOptions, name: string, answer: keyof typeof modes) => {
        const { at, ...patterns } = options;
        const rule = create(ApprovalRuleSchema, { ...patterns, mode: modes[answer] });
        return await change(session, name, (rules) => {
          rules.splice((at ?? rules.length + 1) - 1, 0, rule);
          return `Added: ${ruleText(rule)}`;
        });
      }),
    );

export const removeRuleCommand = (): Command =>
  new Command("remove-rule")
    .description("take a rule of a project away")
    .argument("<project>", "its name")
    .argument("<rule>", "its place in the list", place)
    .action(
      action(async (session, _: object, name: string, at: number) =>
        change(session, name, (rules) => {
          const [rule] = rules.splice(at - 1, 1);
          if (rule !== undefined) return `Removed: ${ruleText(rule)}`;
          const what = `there is no rule ${at}; project ${name} has ${rules.length}`;
          throw new CliError(what, exitCodes.precondition);
        }),
      ),
    );

interface PolicyOptions {
  mode?: keyof typeof modes;
  deadline?: string;
}

export const policyCommand = (): Command =>
  new Command("policy")
    .description("say what becomes of what no rule speaks of, and how long people have to answer")
    .argument("<project>", "its name")
    .addOption(new Option("--mode <answer>", "what is answered").choices(Object.keys(modes)))
    .option("--deadline <seconds>", "reject what nobody answers in that time; none: wait", deadlineOption)
    .action(
      action(async (session, { mode, deadline }: PolicyOptions, name: string) =>
        change(session, name, (_, policy) => {
          if (mode !== undefined) policy.mode = modes[mode];
          if (deadline !== undefined) policy.deadline = secondsOf(deadline);
          return policyText(policy);
        }),
      ),
    );

/** Checked here, so that a wrong one is a usage error; kept as text, in which `none` is something. */
const deadlineOption = (text: string): string =>
  text === "none" ? text : String(numberOption({ min: 1, max: 30 * 86_400 })(text));

const secondsOf = (text: string) =>
  text === "none" ? undefined : create(DurationSchema, { seconds: BigInt(text) });

function policyText({ mode, deadline }: ApprovalPolicy): string {
  const rejected = deadline === undefined ? "" : `, rejected after ${deadline.seconds} s`;
  return `What no rule speaks of: ${modeWord(mode || PermissionMode.ASK)}${rejected}`;
}

const policyOf = ({ config }: Project): ApprovalPolicy =>
  config?.approvalPolicy ?? create(ApprovalPolicySchema);

/** Changes the rules as they are now; who changes them at the same time fails, and nothing of theirs is lost. */
async function change(
  { client, out, signal }: Session,
  name: string,
  edit: (rules: ApprovalRule[], policy: ApprovalPolicy) => string,
): Promise<number> {
  const before = await client.projects.get({ name }, { signal });
  const policy = policyOf(before);
  const done = edit(policy.rules, policy);
  const config = { ...(before.config ?? create(ProjectConfigSchema)), approvalPolicy: policy };
  const request = { name, config, etag: before.etag, updateMask: { paths: ["config"] } };
  const project = await client.projects.update(request, { signal });
  if (out.json) out.message(ProjectSchema, project);
  else out.line(done);
  return 0;
}
