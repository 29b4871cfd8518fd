import { resolve } from "node:path";
import { Command } from "commander";
import { repeated } from "../parse.js";
import { quickstart } from "../quickstart/quickstart.js";
import { action } from "../session.js";

interface Options {
  listen?: string[];
  once?: boolean;
  task: string;
}

const defaultTask = "Say hello, and tell me what you find in this folder.";

/** What `npm start` runs in a clone of the repository. */
export const quickstartCommand = (): Command =>
  new Command("quickstart")
    .description("show a whole conversation, with a daemon of its own")
    .option("--once", "end after the conversation")
    .option(
      "--listen <host:port>",
      "address to listen on (can be repeated; default: localhost:50051)",
      repeated,
    )
    .option("--task <text>", "what to ask", defaultTask)
    .action(
      action(async ({ out, signal, global }, { once = false, listen = [], task }: Options) => {
        const dataDir = resolve(global.dataDir ?? ".stratavore");
        return quickstart({ dataDir, listen, once, task }, out, signal);
      }),
    );
