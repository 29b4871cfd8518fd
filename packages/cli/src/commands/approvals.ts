import { type Approval, ListApprovalsResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { knownProject } from "../find-project.js";
import { type Column, printTable } from "../output/table.js";
import { age, isoTime, shortId } from "../output/words.js";
import { action } from "../session.js";

const columns: Column<Approval>[] = [
  { title: "APPROVAL", value: ({ id }) => id, display: ({ id }) => shortId(id) },
  { title: "RUNNER", value: ({ runnerId }) => runnerId, display: ({ runnerId }) => shortId(runnerId) },
  { title: "PROJECT", value: ({ projectName }) => projectName },
  {
    title: "WAITS",
    value: ({ createdAt }) => isoTime(createdAt),
    display: ({ createdAt }) => age(createdAt),
  },
  { title: "WANTS TO", value: ({ toolCall }) => toolCall?.title ?? "" },
  { title: "OPTIONS", value: ({ options }) => options.map(({ id }) => id).join(", ") },
];

export const approvalsCommand = (): Command =>
  new Command("approvals")
    .description("list what agents ask and nobody has answered yet")
    .option("--project <name>", "only of this project")
    .action(
      action(async ({ client, out, signal }, { project }: { project?: string }) => {
        const projectName = await knownProject(client, project, signal);
        const answer = await client.approvals.list({ projectName, limit: 1000 }, { signal });
        if (out.json) out.message(ListApprovalsResponseSchema, answer);
        else printTable(out, columns, answer.approvals);
        return 0;
      }),
    );
