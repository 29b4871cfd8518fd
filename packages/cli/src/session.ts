import { createClient, type StratavoreClient } from "@stratavore/client/node";
import type { Command } from "commander";
import { interruptSignal } from "./interrupt.js";
import { Output } from "./output/output.js";

/** Options that every command takes. */
export interface GlobalOptions {
  json?: boolean;
  address?: string;
  dataDir?: string;
  token?: string;
}

/** What a command works with. */
export interface Session {
  readonly client: StratavoreClient;
  readonly out: Output;
  /** Aborted by the first Ctrl-C, once it was asked for. */
  readonly signal: AbortSignal;
  readonly global: GlobalOptions;
}

/**
 * Makes a commander action of a function that gets the command's arguments and its own options; what it returns is the
 * exit code.
 */
export function action<Arguments extends unknown[], Options>(
  run: (session: Session, options: Options, ...args: Arguments) => Promise<number | undefined>,
) {
  return async (...received: unknown[]): Promise<void> => {
    const command = received.at(-1) as Command;
    const options = received.at(-2) as Options;
    const global = command.optsWithGlobals<GlobalOptions>();
    const out = new Output(global.json === true);
    const { address, dataDir, token } = global;
    const onWarning = (text: string) => out.warning(text);
    // Fewer tries than a program wants: a person who forgot to start the daemon should not wait to hear it.
    const client = createClient({ address, dataDir, token, onWarning, retry: { attempts: 3 } });
    let signal: AbortSignal | undefined;
    try {
      const args = received.slice(0, -2) as Arguments;
      const session: Session = {
        client,
        out,
        global,
        get signal() {
          signal ??= interruptSignal();
          return signal;
        },
      };
      process.exitCode = await run(session, options, ...args);
    } finally {
      await client.close();
    }
  };
}
