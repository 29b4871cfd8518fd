import { createServer, type RequestListener, type Server } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, type Transport } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { failureOf } from "../rpc/fixture/failure.js";
import { clientsOf, converse, type Opened, open, project, runner } from "../rpc/fixture/stratavore.js";

async function listening(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a host application's users do. */
async function expectWorking(opened: Opened, transport: Transport): Promise<void> {
  const clients = clientsOf(transport);
  await project({ ...opened, ...clients });
  const runnerId = await runner({ ...opened, ...clients });
  const { session } = await clients.sessions.createSession({ runnerId });
  await converse(clients, session!.id, "!say hello");
  const { messages } = await clients.sessions.getSessionTranscript({ sessionId: session!.id });
  expect(messages.at(-1)?.content).toBe("hello");
  expect(await failureOf(clients.runners.createRunner({ projectName: "../x" }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["project_name"],
  });
}

test("mounted in a plain node:http server", async () => {
  const opened = await open();
  const baseUrl = await listening(createServer(opened.server.handler as RequestListener));
  await expectWorking(opened, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
  const grpcWeb = clientsOf(createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }));
  expect((await grpcWeb.projects.listProjects({})).totalCount).toBe(1);
});

test("mounted in a node:http2 server, with gRPC and the paths of old", async () => {
  const opened = await open();
  const handler = opened.server.handler as (
    request: Http2ServerRequest,
    response: Http2ServerResponse,
  ) => void;
  const baseUrl = await listening(createHttp2Server(handler));
  await expectWorking(opened, createGrpcTransport({ baseUrl }));
  const { connect } = await import("node:http2");
  const client = connect(baseUrl);
  onTestFinished(() => client.destroy());
  const status = await new Promise((resolve) => {
    const stream = client.request({
      ":method": "POST",
      ":path": "/ProjectService/ListProjects",
      "content-type": "application/json",
    });
    stream.on("response", (headers) => resolve(headers[":status"]));
    stream.end("{}");
  });
  expect(status).toBe(200);
});

test("mounted below a path, as Express hands requests on", async () => {
  const opened = await open();
  const baseUrl = await listening(
    createServer((request, response) => {
      if (request.url?.startsWith("/agents/")) {
        request.url = request.url.slice("/agents".length);
        opened.server.handler(request, response);
        return;
      }
      response.end("the page of the application");
    }),
  );
  await expectWorking(opened, createConnectTransport({ baseUrl: `${baseUrl}/agents`, httpVersion: "1.1" }));
  expect(await (await fetch(`${baseUrl}/`)).text()).toBe("the page of the application");
});

test("the routes alone, in an adapter of the host, are checked just the same", async () => {
  const opened = await open();
  const { routes } = opened.server;
  const baseUrl = await listening(createServer(connectNodeAdapter({ routes })));
  await expectWorking(
    opened,
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  );
});

test("a mounted server asks for the credential when it is told to, and never answers foreign pages", async () => {
  const opened = await open({ authWhenMounted: true });
  const baseUrl = await listening(createServer(opened.server.handler as RequestListener));
  const post = (headers: Record<string, string>) =>
    fetch(`${baseUrl}/stratavore.v1.ProjectService/ListProjects`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "{}",
    });
  expect((await post({})).status).toBe(401);
  const authorization = `Bearer ${opened.server.credential}`;
  expect((await post({ authorization })).status).toBe(200);
  expect((await post({ authorization, origin: "https://evil.example" })).status).toBe(403);
});

test("a host's server goes on when ours has closed, and says so", async () => {
  const opened = await open();
  const baseUrl = await listening(createServer(opened.server.handler as RequestListener));
  const clients = clientsOf(createConnectTransport({ baseUrl, httpVersion: "1.1" }));
  const events = failureOf(clients.runners.streamRunnerEvents({ bookmarks: true }));
  await clients.projects.listProjects({});
  await opened.server.close();
  expect((await events).code).toBe(Code.Unavailable);
  expect((await failureOf(clients.projects.listProjects({}))).code).toBe(Code.Unavailable);
});
