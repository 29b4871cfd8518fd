import type { StratavoreOptions } from "../../../src/index.js";
import type { Opened } from "../../rpc/fixture/stratavore.js";
import type { PlainAnswer, PlainCall, Protocol } from "../fixture/plain-client.js";

/** A code as Connect spells it, or an HTTP status. */
export type Answer = string | number;

/** One bad input of a row, as a call. */
export interface Case {
  /** What is sent. */
  readonly input: string;
  /** The call; the server has the project `web` and what the cases before have made. What it makes first is not counted. */
  readonly call: (server: Opened, protocol: Protocol) => PlainCall | Promise<PlainCall>;
  /** Where it differs from the row's; several where each of them will do. */
  readonly answer?: Answer | readonly Answer[];
  /** Where it can be sent. Default: in all. */
  readonly protocols?: readonly Protocol[];
  /** Whether it puts something on record, as it is allowed to. Default: it must not. */
  readonly leaves?: boolean;
  /** What else must be true of the answer. */
  readonly check?: (answer: PlainAnswer, server: Opened) => void | Promise<void>;
}

/** A kind of bad input. */
export interface Row {
  readonly number: number;
  /** What is wrong. */
  readonly what: string;
  readonly answer: Answer | readonly Answer[];
  readonly cases: readonly Case[];
  /** Of the server. */
  readonly options?: StratavoreOptions;
}

export const grpcOnly: readonly Protocol[] = ["gRPC"];
export const binaryOnly: readonly Protocol[] = ["gRPC", "gRPC-web"];
export const jsonOnly: readonly Protocol[] = ["Connect JSON"];
export const http1Only: readonly Protocol[] = ["gRPC-web", "Connect JSON"];
