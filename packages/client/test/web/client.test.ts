import { Code, type ConnectRouter } from "@connectrpc/connect";
import { DaemonService, RunnerService } from "@stratavore/proto";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient, type WebClientOptions } from "../../src/web/index.js";
import { testServer } from "../fixtures/cleanup.js";
import { EventLog } from "../fixtures/event-log.js";
import { until } from "../fixtures/until.js";

const routesOf = (log: EventLog, asked: Headers[]) => (router: ConnectRouter) => {
  router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
  router.rpc(DaemonService.method.getStatus, (_, context) => {
    asked.push(context.requestHeader);
    return { daemonStatus: { version: context.protocolName } };
  });
};

describe.each(["connect", "grpc-web"] as const)("over %s", (protocol) => {
  async function started(options: WebClientOptions = {}) {
    const log = new EventLog();
    const asked: Headers[] = [];
    const server = await testServer(routesOf(log, asked), { http1: true });
    const client = createClient({ baseUrl: `http://127.0.0.1:${server.port}`, protocol, ...options });
    onTestFinished(() => client.close());
    return { log, asked, server, client };
  }

  test("a call, with its token", async () => {
    const { client, asked } = await started({ token: async () => "t1" });
    expect((await client.daemon.status()).daemonStatus?.version).toBe(protocol);
    await client.daemon.status({}, { headers: { authorization: "Bearer mine" } });
    expect(asked.map((headers) => headers.get("authorization"))).toEqual(["Bearer t1", "Bearer mine"]);
  });

  test("events go on where a killed server left them, and break ends them there", async () => {
    const { log, server, client } = await started();
    const events = client.runners.events({ fromStart: true }, { reconnect: { maxDelayMs: 20 } });
    log.append();
    expect((await events.next()).value?.eventId).toBe("e1-1");
    const next = events.next();
    await server.kill();
    log.append();
    await testServer(routesOf(log, []), { http1: true, port: server.port });
    expect((await next).value?.eventId).toBe("e1-2");
    await until(() => log.open === 1);
    await events.return();
    await until(() => log.open === 0);
  });

  test("a server that is away is UNAVAILABLE", async () => {
    const { server, client } = await started({ retry: { attempts: 2 } });
    await server.kill();
    await expect(client.daemon.status()).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("an abort is CANCELLED", async () => {
    const { log, client } = await started();
    const controller = new AbortController();
    const next = client.runners.events({}, { signal: controller.signal }).next();
    await until(() => log.open === 1);
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: Code.Canceled });
    await until(() => log.open === 0);
  });
});

test("without a baseUrl it goes to where the page came from", async () => {
  expect(() => createClient()).toThrow(TypeError);
  vi.stubGlobal("location", { origin: "http://page.example" });
  onTestFinished(() => void vi.unstubAllGlobals());
  const urls: string[] = [];
  const client = createClient({
    retry: false,
    fetch: async (input) => {
      urls.push(String(input));
      throw new TypeError("Failed to fetch");
    },
  });
  await expect(client.daemon.status()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(urls).toEqual(["http://page.example/stratavore.v1.DaemonService/GetStatus"]);
});
