import { ConnectError } from "@connectrpc/connect";
import type { ServiceError } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { clientsBy, type Opened, open, reached } from "../rpc/fixture/stratavore.js";
import { stockClients } from "./fixture/grpc-js.js";
import { seedProto } from "./fixture/seed-proto.js";

const packageName = "stratavore.v1";

const failureOf = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (error) => error,
  );

const sentenceOf = (opened: Opened, runnerId: string): Promise<string> =>
  opened.runners.getRunner({ runnerId }).then(
    () => "",
    (error) => ConnectError.from(error).rawMessage,
  );

// grpc-js decodes less than Connect encodes.
test.each(["a: b; c, d/e? #1 & 2 = 3 + 4 @ $", '"quoted" 50% of %3B', "zwölf – 十二 😀\n\ttab", " "])(
  "a stock client shows the sentence of an error as it was said: %j",
  async (id) => {
    const opened = await open();
    const { target, token } = await reached(opened);
    const runners = stockClients(seedProto(packageName), packageName, target, token)("RunnerService");
    const said = await sentenceOf(opened, id);
    expect(said).toContain(id);
    expect((await failureOf(runners.unary("GetRunner", { runner_id: id }))).details).toBe(said);
    const byConnect = await clientsBy("gRPC", opened);
    const failure = await failureOf(byConnect.runners.getRunner({ runnerId: id }));
    expect(ConnectError.from(failure).rawMessage).toBe(said);
  },
);

test("also when it is refused before it gets to a service", async () => {
  const opened = await open();
  const { target, url } = await reached(opened);
  const runners = stockClients(seedProto(packageName), packageName, target, undefined)("RunnerService");
  const { details } = await failureOf(runners.unary("GetRunner", { runner_id: "r" }));
  expect(details).not.toMatch(/%[0-9A-F]{2}/);
  // Connect's JSON has it without any encoding.
  const plain = await fetch(`${url}/stratavore.v1.RunnerService/GetRunner`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"runnerId":"r"}',
  });
  expect(details).toBe(((await plain.json()) as { message: string }).message);
});
