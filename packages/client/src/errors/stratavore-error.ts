import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@stratavore/proto";
import * as google from "@stratavore/proto/rpc";

/** A field of the request that is to blame. */
export interface FieldViolation {
  /** Its path in proto names, such as `quota.max_memory_mb`; empty: the request as a whole. */
  readonly field: string;
  /** What is wrong with it. */
  readonly description: string;
}

/**
 * What every failed call throws, as one of its subclasses. It is a Connect `ConnectError` too: `code`, `rawMessage`,
 * `metadata` and `findDetails` are there, and code written for those goes on working.
 */
export class StratavoreError extends ConnectError {
  /** Stable, UPPER_SNAKE_CASE, such as `RUNNER_NOT_FOUND`; the name of the code where the server gave none. */
  readonly reason: string;
  /** Facts about the failure by name: ids, limits, figures. */
  readonly facts: Readonly<Record<string, string>>;
  /** The fields to blame; empty if it is none of them. */
  readonly fields: readonly FieldViolation[];
  /** Id of the call, which the server's log line of the failure has too; empty if no server answered. */
  readonly requestId: string;
  /** Milliseconds after which the server asks to try again, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(error: ConnectError, message = error.rawMessage) {
    super(message, error.code, error.metadata, undefined, error.cause);
    this.details = error.details;
    const ours = detail(error, ErrorInfoSchema);
    const standard = detail(error, google.ErrorInfoSchema);
    const retryDelay = detail(error, google.RetryInfoSchema)?.retryDelay;
    this.reason = ours?.code || standard?.reason || nameOf(error.code);
    this.facts = ours?.details ?? standard?.metadata ?? {};
    this.fields = detail(error, google.BadRequestSchema)?.fieldViolations ?? [];
    this.requestId = ours?.requestId ?? "";
    this.retryAfterMs = retryDelay && Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6;
  }

  /** True for instances of this very class; `ConnectError`'s own rule would take any error for any subclass. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this, each for itself
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** A fact that is a number; undefined if there is none. */
  protected figure(name: string): number | undefined {
    const figure = Number.parseFloat(this.facts[name] ?? "");
    return Number.isNaN(figure) ? undefined : figure;
  }
}

/** The first detail of a type. */
export function detail<Desc extends DescMessage>(
  error: ConnectError,
  schema: Desc,
): MessageShape<Desc> | undefined {
  return error.findDetails(schema)[0];
}

const nameOf = (code: Code): string =>
  (Code[code] ?? "Unknown").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
