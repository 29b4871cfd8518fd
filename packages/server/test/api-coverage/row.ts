import { Code, ConnectError } from "@connectrpc/connect";
import type { StratavoreOptions } from "../../src/index.js";
import { failureOf } from "../rpc/fixture/failure.js";
import type { Opened } from "../rpc/fixture/stratavore.js";

/** What comes of a call, in words for readers of the document and as the test has to see it. */
export type Outcome = readonly [words: string, seen: unknown];

export interface RowOf<Prepared> {
  /** As its service names it. */
  readonly rpc: string;
  /** Path of a field of the request, in the names of the proto. */
  readonly field: string;
  readonly unset: Outcome;
  readonly set: Outcome;
  /** The part of a request that sets the field. */
  readonly value: object | ((prepared: Prepared) => object);
  /** Of the server. */
  readonly options?: StratavoreOptions;
  /** What both calls find there; the server is new. */
  readonly prepare?: (server: Opened) => Promise<Prepared>;
  /**
   * Makes the call with what is given, which is nothing or the value, and tells what came of it; a failure counts as its
   * code and the field or reason that it names. It is called twice on one server: first without, then with the value.
   */
  readonly see: (server: Opened, given: object, prepared: Prepared) => Promise<unknown>;
}

/** One field of one RPC, with what it does. */
export interface Row extends Omit<RowOf<unknown>, "value"> {
  readonly value: (prepared: unknown) => object;
}

export function row<Prepared>(of: RowOf<Prepared>): Row {
  const { value } = of;
  return {
    ...(of as RowOf<unknown>),
    value: (prepared) => (typeof value === "function" ? value(prepared as Prepared) : value),
  };
}

export const titleOf = ({ rpc, field }: Pick<Row, "rpc" | "field">): string => `${rpc}: ${field}`;

/** What a call failed with, in short: `INVALID_ARGUMENT runner_id`, `NOT_FOUND RUNNER_NOT_FOUND`. */
async function failureText(error: ConnectError): Promise<string> {
  const { code, reason, fields } = await failureOf(Promise.reject(error));
  const name = Code[code].replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return `${name} ${fields.length > 0 ? fields.join(", ") : reason}`;
}

/** What came of a call: the part of its answer that matters, or its failure in short. */
export async function outcomeOf<T>(call: Promise<T>, part: (answer: T) => unknown): Promise<unknown> {
  try {
    return part(await call);
  } catch (error) {
    if (error instanceof ConnectError) return await failureText(error);
    throw error;
  }
}
