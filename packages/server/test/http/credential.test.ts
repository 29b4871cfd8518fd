import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { RequestContext } from "../../src/http/index.js";
import { authorize, grpcJsClient, transports } from "./fixture/clients.js";
import { EchoService, HealthService } from "./fixture/echo-service.js";
import { listeningLayer, token } from "./fixture/layer.js";

const wrong: Record<string, Interceptor[]> = {
  "brought none": [],
  "not of the form": [authorize(token)],
  "does not know": [authorize(`Bearer ${token.slice(0, -1)}x`)],
};
const notTheToken = [
  "Bearer ",
  "Bearer x",
  `Basic ${token}`,
  `Bearer ${token}x`,
  `Bearer ${token} x`,
  ",",
  "Bearer",
];

describe("a call without the right credential", () => {
  test.each(Object.entries(transports))("is UNAUTHENTICATED for a stock client: %s", async (_, transport) => {
    const { url, observed } = await listeningLayer();
    for (const [reason, interceptors] of Object.entries(wrong)) {
      const client = createClient(EchoService, transport(url, interceptors));
      const drain = async () => {
        for await (const { value } of client.watch({ value: "" })) expect(value).toBe("nothing");
      };
      for (const outcome of await Promise.allSettled([client.echo({ value: "" }), drain()])) {
        const error = ConnectError.from(outcome.status === "rejected" ? outcome.reason : "answered");
        expect(error.code).toBe(Code.Unauthenticated);
        expect(error.rawMessage).toContain(reason);
        expect(error.rawMessage).toContain("stratavore token");
      }
    }
    expect(observed.watching).toBe(0);
  });

  test("is UNAUTHENTICATED for grpc-js, whatever is in the header", async () => {
    const { port } = await listeningLayer();
    const client = grpcJsClient(`127.0.0.1:${port}`);
    for (const header of [undefined, ...notTheToken]) {
      const call = client.unary("/stratavore.v1.EchoService/Echo", "", header);
      await expect(call, header).rejects.toMatchObject({
        code: 16,
        details: expect.stringContaining("stratavore token"),
      });
    }
    const stream = client.stream("/stratavore.v1.EchoService/Watch", "");
    const error = await new Promise((resolve) => stream.once("error", resolve).resume());
    expect(error).toMatchObject({ code: 16 });
    await expect(client.unary("/stratavore.v1.EchoService/Echo", "ok", `Bearer ${token}`)).resolves.toBe(
      "ok",
    );
  });

  test("that is still sending a large message sees the same, and the connection goes on", async () => {
    const { port, url } = await listeningLayer();
    const value = "x".repeat(3 * 1024 * 1024);
    const grpcJs = grpcJsClient(`127.0.0.1:${port}`);
    await expect(grpcJs.unary("/stratavore.v1.EchoService/Echo", value)).rejects.toMatchObject({ code: 16 });
    await expect(grpcJs.unary("/stratavore.v1.EchoService/Echo", "ok", `Bearer ${token}`)).resolves.toBe(
      "ok",
    );
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(EchoService, transport(url, []));
      await expect(client.echo({ value: "x".repeat(200 * 1024) }), name).rejects.toMatchObject({
        code: Code.Unauthenticated,
      });
    }
  });

  test("is told so in the words of its protocol", async () => {
    const { url } = await listeningLayer();
    const ask = (type: string | undefined, path = "/stratavore.v1.EchoService/Echo", method = "POST") =>
      fetch(url + path, {
        method,
        body: method === "POST" ? "{}" : undefined,
        headers: type ? { "content-type": type } : {},
      });

    for (const type of [
      "application/grpc-web",
      "application/grpc-web+proto",
      "application/grpc-web-text",
      "application/grpc",
    ]) {
      const answer = await ask(type);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(type);
      expect(answer.headers.get("grpc-status")).toBe("16");
      expect(decodeURIComponent(answer.headers.get("grpc-message") ?? "")).toContain("stratavore token");
      expect(await answer.text()).toBe("");
    }
    const asGet = await ask(undefined, "/stratavore.v1.EchoService/Echo?encoding=json&message=%22%22", "GET");
    for (const answer of [await ask("application/json"), await ask("application/proto"), asGet]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(await answer.json()).toMatchObject({ code: "unauthenticated", message: expect.any(String) });
    }
    const stream = await ask("application/connect+json");
    expect(stream.status).toBe(200);
    const bytes = Buffer.from(await stream.arrayBuffer());
    expect(bytes[0]).toBe(2);
    expect(bytes.readUInt32BE(1)).toBe(bytes.length - 5);
    expect(JSON.parse(bytes.subarray(5).toString())).toMatchObject({ error: { code: "unauthenticated" } });

    for (const answer of [await ask("text/html"), await ask(undefined, "/metrics", "GET")]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(await answer.text()).toContain("stratavore token");
    }
  });

  test("gets the caller's own error, with its details", async () => {
    const { url } = await listeningLayer({
      unauthenticated: (problem) => {
        const error = new ConnectError(`no: ${problem}`, Code.Unauthenticated);
        error.details.push({ type: "google.protobuf.StringValue", value: new Uint8Array([10, 1, 120]) });
        return error;
      },
    });
    for (const [name, transport] of Object.entries(transports)) {
      const error = await createClient(EchoService, transport(url, []))
        .echo({})
        .then(() => undefined, ConnectError.from);
      expect(error?.rawMessage, name).toBe("no: missing");
      expect(error?.details, name).toMatchObject([{ type: "google.protobuf.StringValue" }]);
    }
  });
});

test("the standard health check and the caller's own paths need none", async () => {
  const { url, port } = await listeningLayer({ exempt: ["/stratavore.v1.EchoService/WhoAmI"] });
  for (const [name, transport] of Object.entries(transports)) {
    expect((await createClient(HealthService, transport(url, [])).check({})).value, name).toBe("serving");
    const context = await createClient(EchoService, transport(url, [])).whoAmI({});
    expect(JSON.parse(context.value), name).toMatchObject({ authenticatedBy: "exempt" });
  }
  expect(await grpcJsClient(`127.0.0.1:${port}`).unary("/grpc.health.v1.Health/Check", "")).toBe("serving");
});

test("handlers see how the request came and what proved it", async () => {
  const { url } = await listeningLayer();
  for (const [name, transport] of Object.entries(transports)) {
    const { value } = await createClient(
      EchoService,
      transport(url, [authorize(`bearer   ${token}`)]),
    ).whoAmI({});
    const expected: RequestContext = {
      transport: "tcp",
      remoteAddress: "127.0.0.1",
      authenticatedBy: "credential",
    };
    expect(JSON.parse(value), name).toEqual(expected);
  }
});

test('credential "none" answers everybody on the port, behind Host and Origin checks', async () => {
  const { url } = await listeningLayer({ credential: "none" });
  const client = createClient(EchoService, transports["gRPC, HTTP/2"]!(url, []));
  expect(JSON.parse((await client.whoAmI({})).value)).toMatchObject({ authenticatedBy: "none" });
  expect((await fetch(url, { headers: { origin: "https://evil.example" } })).status).toBe(403);
});
