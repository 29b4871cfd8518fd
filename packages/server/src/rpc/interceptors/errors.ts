import { randomUUID } from "node:crypto";
import { Code, type ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Log } from "../../supervise/log.js";
import { connectErrorOf } from "../errors.js";

export interface CallCounts {
  calls: number;
  failed: number;
}

/** Outermost: counts calls, and turns whatever a call throws into an error with details and a request id. */
export function errorInterceptor(log: Log, counts: CallCounts): Interceptor {
  return (next) => async (request) => {
    const requestId = request.header.get("x-request-id")?.slice(0, 128) || randomUUID();
    const rpc = `${request.service.typeName}/${request.method.name}`;
    counts.calls++;
    const failed = (thrown: unknown): ConnectError => {
      counts.failed++;
      const error = connectErrorOf(thrown, requestId);
      const facts = { rpc, requestId, code: Code[error.code], error: thrown };
      if (error.code === Code.Internal || error.code === Code.Unknown) log.error(facts, "a call failed");
      else log.debug(facts, "a call was refused");
      return error;
    };
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: translated(response.message, failed) };
    } catch (thrown) {
      throw failed(thrown);
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
