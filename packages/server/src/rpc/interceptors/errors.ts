import { randomUUID } from "node:crypto";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Log } from "../../supervise/log.js";
import { connectErrorOf } from "../errors.js";
import { noteHeard } from "./heard.js";

export interface CallCounts {
  calls: number;
  failed: number;
}

interface Call {
  rpc: string;
  /** The caller's, else one of ours. */
  requestId: string;
}

/** What a failure of a request is logged under. */
export function callOf(request: { service: DescService; method: DescMethod; header: Headers }): Call {
  const requestId = request.header.get("x-request-id")?.slice(0, 128) || randomUUID();
  return { rpc: `${request.service.typeName}/${request.method.name}`, requestId };
}

/** Makes whatever was thrown the error that a caller gets, counts it, and logs it under the same request id. */
export type FailureReport = (thrown: unknown, call: Call) => ConnectError;

export function failureReport(log: Log, counts: CallCounts): FailureReport {
  return (thrown, { rpc, requestId }) => {
    const error = connectErrorOf(thrown, requestId);
    if (error.code !== Code.Canceled) counts.failed++;
    const facts = { rpc, requestId, code: Code[error.code], error: thrown };
    if (faults.has(error.code)) log.error(facts, "a call failed");
    else log.debug(facts, "a call was refused");
    return error;
  };
}

/** Codes that say that something is wrong here, and not with the call. */
const faults: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.DataLoss]);

/** Outermost: counts calls, and turns whatever a call throws into an error with details and a request id. */
export function errorInterceptor(report: FailureReport, counts: CallCounts): Interceptor {
  return (next) => async (request) => {
    const call = callOf(request);
    noteHeard(request.contextValues);
    counts.calls++;
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: translated(response.message, (thrown) => report(thrown, call)) };
    } catch (thrown) {
      throw report(thrown, call);
    }
  };
}

async function* translated<T>(messages: AsyncIterable<T>, failed: (thrown: unknown) => ConnectError) {
  try {
    yield* messages;
  } catch (thrown) {
    throw failed(thrown);
  }
}
