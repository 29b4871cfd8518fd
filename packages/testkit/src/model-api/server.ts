import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answer/answer.js";
import { Chooser, type Reply } from "./answer/choose.js";
import { Exchange } from "./exchange.js";
import { handle } from "./handle.js";
import { Ledger, type LedgerOptions } from "./ledger.js";

/** How the model API behaves. */
export interface ModelApiOptions extends LedgerOptions {
  /** The port on 127.0.0.1. Default: one that is free */
  readonly port?: number;
  /** The keys to accept; any other is answered with 401. Default: every key, and none */
  readonly keys?: readonly string[];
  /** The models to list. Requests for others are answered as well. Default: one, `scripted-model` */
  readonly models?: readonly string[];
  /** Asked first for every request; undefined leaves it to the queue and to the prompt's script. Default: none */
  readonly reply?: Reply;
}

/** A model API that runs. */
export interface ModelApi {
  /** Where it listens, without a path: `http://127.0.0.1:40123`. OpenAI's clients want `/v1` after it. */
  readonly url: string;
  /** Every request and what was served for it. */
  readonly log: Ledger;
  /** Answers the next requests with these, one each, in place of a script. Requests beside a conversation take none. */
  enqueue(...answers: Answer[]): void;
  /** Breaks all connections and stops. */
  close(): Promise<void>;
}

/**
 * Starts a model API without a model: it answers by script in the forms of Anthropic Messages, OpenAI Chat Completions,
 * OpenAI Responses and Gemini, as a stream or in one piece, and logs what it served. Rejects when the port is taken.
 */
export async function startModelApi(options: ModelApiOptions = {}): Promise<ModelApi> {
  const { port = 0, keys, models = ["scripted-model"], reply } = options;
  const log = new Ledger(options);
  const chooser = new Chooser(reply);
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response);
    // What fails once an answer has begun can only be told by breaking it off.
    handle({ chooser, log, keys, models }, exchange).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    enqueue: (...answers) => chooser.enqueue(answers),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
