import { ApprovalSchema, ApprovalState } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { findId } from "../ids.js";
import { action } from "../session.js";

interface Options {
  deny?: boolean;
  option?: string;
}

export const approveCommand = (): Command =>
  new Command("approve")
    .description("answer what an agent asks: allow it, unless told otherwise")
    .argument("<approval>", "its id, or what it begins or ends with")
    .option("--deny", "reject it")
    .addOption(new Option("--option <id>", "answer with this option of the agent").conflicts("deny"))
    .action(
      action(async ({ client, out, signal }, { deny, option }: Options, given: string) => {
        const { id: approvalId } = await findId(client, ["approval"], given);
        const answer =
          option === undefined
            ? ({ case: "allow", value: deny !== true } as const)
            : ({ case: "optionId", value: option } as const);
        const approval = await client.approvals.resolve({ approvalId, answer }, { signal });
        if (out.json) out.message(ApprovalSchema, approval);
        else out.line(`${approval.id} ${(ApprovalState[approval.state] ?? "").toLowerCase()}`);
        return 0;
      }),
    );
