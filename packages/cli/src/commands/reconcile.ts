import { type ReconcileAction, ReconcileResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { exitCodes } from "../exit-codes.js";
import { type Column, printTable } from "../output/table.js";
import { shortId } from "../output/words.js";
import { action } from "../session.js";

const examples = `
The daemon does this at its start and once a minute; this does it now. It touches nothing that is in order.

Examples:
  stratavore reconcile --dry-run     what would be done
  stratavore reconcile`;

const columns = (dryRun: boolean): Column<ReconcileAction>[] => [
  {
    title: "RUNNER",
    value: ({ runnerId }) => runnerId,
    display: ({ runnerId }) => (runnerId === "" ? "" : shortId(runnerId)),
  },
  { title: dryRun ? "WOULD BE" : "WAS", value: ({ action: done }) => done.replaceAll("_", " ") },
  { title: "PID", value: ({ pid }) => (pid === 0 ? "" : String(pid)) },
  { title: "BECAUSE", value: ({ reason }) => reason },
];

export const reconcileCommand = (): Command =>
  new Command("reconcile")
    .description("make the record and the machine's processes agree")
    .option("--dry-run", "say what would be done, and do nothing")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { dryRun = false }: { dryRun?: boolean }) => {
        const answer = await client.daemon.reconcile({ dryRun }, { signal });
        if (out.json) out.message(ReconcileResponseSchema, answer);
        else if (answer.actions.length > 0) printTable(out, columns(dryRun), answer.actions);
        else if (out.terminal) out.line("All is in order.");
        return exitCodes.ok;
      }),
    );
