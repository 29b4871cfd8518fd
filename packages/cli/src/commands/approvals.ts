import { type Approval, ApprovalState, ListApprovalsResponseSchema } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { knownProject } from "../find-project.js";
import { answeredBy } from "../output/rule.js";
import { type Column, printTable } from "../output/table.js";
import { age, isoTime, shortId } from "../output/words.js";
import { action } from "../session.js";

const states = {
  pending: ApprovalState.PENDING,
  allowed: ApprovalState.ALLOWED,
  rejected: ApprovalState.REJECTED,
  cancelled: ApprovalState.CANCELLED,
  expired: ApprovalState.EXPIRED,
};

interface Options {
  project?: string;
  state: keyof typeof states;
}

const asked: Column<Approval>[] = [
  { title: "APPROVAL", value: ({ id }) => id, display: ({ id }) => shortId(id) },
  { title: "RUNNER", value: ({ runnerId }) => runnerId, display: ({ runnerId }) => shortId(runnerId) },
  { title: "PROJECT", value: ({ projectName }) => projectName },
  {
    title: "ASKED",
    value: ({ createdAt }) => isoTime(createdAt),
    display: ({ createdAt }) => age(createdAt),
  },
  { title: "WANTS TO", value: ({ toolCall }) => toolCall?.title ?? "" },
];

const options: Column<Approval> = {
  title: "OPTIONS",
  value: ({ options }) => options.map(({ id }) => id).join(", "),
};

const answer: Column<Approval>[] = [
  { title: "OPTION", value: ({ optionId }) => optionId },
  { title: "ANSWERED BY", value: answeredBy },
];

export const approvalsCommand = (): Command =>
  new Command("approvals")
    .description("list what agents ask and nobody has answered yet, or what was answered, and by whom")
    .option("--project <name>", "only of this project")
    .addOption(
      new Option("--state <state>", "those in this state").choices(Object.keys(states)).default("pending"),
    )
    .action(
      action(async ({ client, out, signal }, { project, state }: Options) => {
        const request = {
          projectName: await knownProject(client, project, signal),
          state: states[state],
          limit: 1000,
        };
        const found = await client.approvals.list(request, { signal });
        if (out.json) out.message(ListApprovalsResponseSchema, found);
        else printTable(out, [...asked, ...(state === "pending" ? [options] : answer)], found.approvals);
        return 0;
      }),
    );
