import { StopMethod, StopRunnerResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { findId } from "../ids.js";
import { jsonOf } from "../output/output.js";
import { shown } from "../output/style.js";
import { shortId, statusWord } from "../output/words.js";
import { numberOption } from "../parse.js";
import { action } from "../session.js";

interface Options {
  force?: boolean;
  timeout?: number;
}

const proofs: Partial<Record<StopMethod, string>> = {
  [StopMethod.CGROUP]: "its control group is empty",
  [StopMethod.SCAN]: "two scans found nothing left",
  [StopMethod.OWNER]: "its owner says that it has ended",
  [StopMethod.UNCONFIRMED]: "its owner did not say that it has ended",
};

export const stopCommand = (): Command =>
  new Command("stop")
    .description("stop runners and everything that they started")
    .argument("<runner...>", "ids, or what they begin or end with")
    .option("--force", "kill at once")
    .option("--timeout <seconds>", "time to end by itself (default: 10)", numberOption({ min: 1, max: 3600 }))
    .action(
      action(async ({ client, out, signal }, { force, timeout }: Options, runners: string[]) => {
        const found = [];
        for (const given of runners) found.push((await findId(client, ["runner"], given)).id);
        const answers = [];
        for (const runnerId of found) {
          const answer = await client.runners.stop({ runnerId, force, timeoutSeconds: timeout }, { signal });
          answers.push(answer);
          if (out.json) continue;
          const { runner, endedProcesses, method } = answer;
          const proof = proofs[method];
          const id = out.terminal ? shortId(runnerId) : runnerId;
          out.line(`${id} ${statusWord(runner!.status)}${proof === undefined ? "" : ` (${proof})`}`);
          for (const { pid, command, signal: by } of endedProcesses) {
            out.line(shown(`  ended ${pid}${by === "" ? "" : ` by ${by}`}: ${command}`));
          }
        }
        if (out.json)
          out.value({ stopped: answers.map((answer) => jsonOf(StopRunnerResponseSchema, answer)) });
        return 0;
      }),
    );
