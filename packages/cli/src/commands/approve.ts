import { ApprovalRemember, ApprovalSchema, ApprovalState } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { findId } from "../ids.js";
import { jsonObject } from "../parse.js";
import { action } from "../session.js";

const lasting = { session: ApprovalRemember.SESSION, project: ApprovalRemember.PROJECT };

interface Options {
  deny?: boolean;
  option?: string;
  remember?: keyof typeof lasting;
  input?: ReturnType<typeof jsonObject>;
  answers?: ReturnType<typeof jsonObject>;
  message?: string;
}

export const approveCommand = (): Command =>
  new Command("approve")
    .description("answer what an agent asks: allow it, unless told otherwise")
    .argument("<approval>", "its id, or what it begins or ends with")
    .option("--deny", "reject it")
    .addOption(new Option("--option <id>", "answer with this option of the agent").conflicts("deny"))
    .addOption(
      new Option("--remember <how>", "for its session, or as a rule of its project").choices(
        Object.keys(lasting),
      ),
    )
    .option(
      "--input <json>",
      "use this input in place of the agent's, where the agent takes that",
      jsonObject,
    )
    .option("--answers <json>", "answers to its questions, by name", jsonObject)
    .option("--message <text>", "with --deny: a word to the agent, where it takes one")
    .action(
      action(async ({ client, out, signal }, options: Options, given: string) => {
        const { deny, option, remember, input: editedInput, answers, message } = options;
        const { id: approvalId } = await findId(client, ["approval"], given);
        const answer =
          option === undefined
            ? ({ case: "allow", value: deny !== true } as const)
            : ({ case: "optionId", value: option } as const);
        const details = { editedInput, answers, message, remember: remember && lasting[remember] };
        const approval = await client.approvals.resolve({ approvalId, answer, ...details }, { signal });
        if (out.json) out.message(ApprovalSchema, approval);
        else out.line(`${approval.id} ${(ApprovalState[approval.state] ?? "").toLowerCase()}`);
        if (remember === "project") out.note(`The rule: stratavore project rules ${approval.projectName}`);
        return 0;
      }),
    );
