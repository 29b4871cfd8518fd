import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { clientsOf, type Opened, open, reached, withCredential } from "../rpc/fixture/stratavore.js";
import { Requests } from "./requests.js";
import { outcomeOf, type Row, titleOf } from "./row.js";

/** A test for each row, over gRPC: the field unset, then set, on one server. */
export function testRows(rows: readonly Row[]): void {
  test.each(rows.map((row) => [titleOf(row), row] as const))("%s", async (_, row) => {
    const opened = await open(row.options);
    const prepared = await row.prepare?.(opened);
    const requests = new Requests();
    const server = await overGrpc(opened, requests);
    const seen = (given: object) => outcomeOf(row.see(server, given, prepared), (outcome) => outcome);
    const without = await seen({});
    expect(new Set(requests.take(row.rpc, row.field)), "calls that leave it unset").toEqual(new Set([false]));
    const given = await seen(row.value(prepared));
    expect(requests.take(row.rpc, row.field), "calls that set it").toContain(true);
    expect({ unset: without, set: given }).toEqual({ unset: row.unset[1], set: row.set[1] });
    expect(given, "it makes no difference").not.toEqual(without);
  });
}

/** The same server for a client that is somewhere else, and whose requests are noted. */
async function overGrpc(opened: Opened, requests: Requests): Promise<Opened> {
  const { url: baseUrl, token } = await reached(opened);
  const interceptors = [withCredential(token), requests.interceptor];
  return { ...opened, ...clientsOf(createGrpcTransport({ baseUrl, interceptors })) };
}
