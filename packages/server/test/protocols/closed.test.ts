import { request as httpRequest } from "node:http";
import { createConnection } from "node:net";
import type { DescMethod, DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  ApprovalService,
  DaemonService,
  ErrorInfoSchema,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import { health, reflectionV1 } from "@stratavore/proto/grpc";
import { expect, test } from "vitest";
import { clientsOf, open, reached } from "../rpc/fixture/stratavore.js";

type MakeTransport = (baseUrl: string, interceptors: Interceptor[]) => Transport;

const protocols: Record<string, MakeTransport> = {
  gRPC: (baseUrl, interceptors) => createGrpcTransport({ baseUrl, interceptors }),
  "gRPC-web on HTTP/1.1": (baseUrl, interceptors) =>
    createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "Connect on HTTP/1.1": (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "Connect on HTTP/2": (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
};

const methods = [
  RunnerService,
  ProjectService,
  SessionService,
  ApprovalService,
  DaemonService,
  UsageService,
].flatMap((service) => service.methods);

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";

/** What every method answers to an empty request; a stream that says nothing for `quietMs` is open. */
async function codesOf(transport: Transport, quietMs = 5_000): Promise<Map<string, string>> {
  const answers = methods.map(async (method) => {
    const name = `${method.parent.name}/${method.name}`;
    try {
      if (isUnary(method)) await transport.unary(method, undefined, 5_000, undefined, {});
      else {
        const requests = (async function* () {
          yield {};
        })();
        const { message } = await transport.stream(
          method as DescMethodStreaming,
          undefined,
          quietMs,
          undefined,
          requests,
        );
        for await (const _ of message) break;
      }
      return [name, "OK"] as const;
    } catch (error) {
      return [name, Code[ConnectError.from(error).code]] as const;
    }
  });
  return new Map(await Promise.all(answers));
}

const bearer =
  (token: string): Interceptor =>
  (next) =>
  (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };

test.each(Object.entries(protocols))(
  "%s: no method answers a caller without the credential",
  async (_, make) => {
    const { url, token } = await reached(await open());
    expect(methods.length).toBeGreaterThan(35);
    for (const interceptors of [[], [bearer("guess")], [bearer(`${token}0`)]]) {
      const codes = await codesOf(make(url, interceptors));
      for (const [name, code] of codes) expect([name, code]).toEqual([name, "Unauthenticated"]);
      expect(codes.size).toBe(methods.length);
    }
    const known = await codesOf(make(url, [bearer(token)]), 300);
    expect([...known.values()]).not.toContain("Unauthenticated");
    expect(known.get("ProjectService/ListProjects")).toBe("OK");
  },
);

test.each(Object.entries(protocols))("%s: the health check answers anybody", async (_, make) => {
  const { url } = await reached(await open());
  const anybody = createClient(health.Health, make(url, []));
  const { SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;
  expect((await anybody.check({})).status).toBe(SERVING);
  expect((await anybody.check({ service: "stratavore.v1.RunnerService" })).status).toBe(SERVING);
  expect(Object.keys((await anybody.list({})).statuses)).toContain("stratavore.v1.SessionService");
  const stop = new AbortController();
  for await (const { status } of anybody.watch({ service: "nothing" }, { signal: stop.signal })) {
    expect(status).toBe(SERVICE_UNKNOWN);
    break;
  }
  stop.abort();
  await expect(anybody.check({ service: "nothing" })).rejects.toMatchObject({ code: Code.NotFound });
});

test("reflection does not answer without the credential", async () => {
  const { url } = await reached(await open());
  const client = createClient(reflectionV1.ServerReflection, createGrpcTransport({ baseUrl: url }));
  const requests = (async function* () {
    yield { messageRequest: { case: "listServices" as const, value: "" } };
  })();
  const call = async () => {
    for await (const _ of client.serverReflectionInfo(requests));
  };
  await expect(call()).rejects.toMatchObject({ code: Code.Unauthenticated });
});

test("a refused caller learns why, and by which id to find it in the log", async () => {
  const opened = await open();
  const { url } = await reached(opened);
  const error = await clientsOf(createGrpcTransport({ baseUrl: url }))
    .projects.listProjects({})
    .then(
      () => undefined,
      (reason) => ConnectError.from(reason),
    );
  expect(error?.rawMessage).toContain("stratavore token");
  const [detail] = error!.findDetails(ErrorInfoSchema);
  expect(detail).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(detail!.requestId).not.toBe("");
  expect(opened.lines.map(({ facts }) => facts.requestId)).toContain(detail!.requestId);
});

/** Status of a plain HTTP/1.1 request that lists projects. */
function post(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        host: "127.0.0.1",
        method: "POST",
        path: "/stratavore.v1.ProjectService/ListProjects",
        headers: { "content-type": "application/json", ...headers },
      },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode!));
      },
    );
    request.once("error", reject);
    request.end("{}");
  });
}

test("foreign pages and rebound names get 403, whatever they present", async () => {
  const { port, token } = await reached(await open());
  const authorization = `Bearer ${token}`;
  expect(await post(port, { authorization })).toBe(200);
  expect(await post(port, {})).toBe(401);
  expect(await post(port, { authorization, origin: "https://evil.example" })).toBe(403);
  expect(await post(port, { authorization, origin: "null" })).toBe(403);
  expect(await post(port, { authorization, host: "evil.example" })).toBe(403);
  expect(await post(port, { authorization, host: `evil.example:${port}` })).toBe(403);
  expect(await post(port, { authorization, origin: `http://127.0.0.1:${port}` })).toBe(200);
});

test("the unix socket needs no credential: its file keeps others out", async () => {
  const opened = await open();
  const path = `${opened.folder}/own.sock`;
  const { socket } = await opened.server.listen([`unix:${path}`]);
  expect(socket).toBe(path);
  const transport = createGrpcTransport({
    baseUrl: "http://localhost",
    nodeOptions: { createConnection: () => createConnection(path) },
  });
  const codes = await codesOf(transport);
  expect([...codes.values()]).not.toContain("Unauthenticated");
  expect(codes.get("ProjectService/ListProjects")).toBe("OK");
});
