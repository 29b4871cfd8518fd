import { expect, test } from "vitest";
import { pathAliases } from "../../src/http/aliases.js";
import { grpcJsClient } from "./fixture/clients.js";
import { listeningLayer, token } from "./fixture/layer.js";
import { rawRequest } from "./fixture/raw.js";

test.each([
  ["/stratavore.RunnerService/Get", "/stratavore.v1.RunnerService/Get"],
  ["/RunnerService/Get?encoding=json", "/stratavore.v1.RunnerService/Get?encoding=json"],
  ["/stratavore.v1.RunnerService/Get", "/stratavore.v1.RunnerService/Get"],
  ["/other.RunnerService/Get", "/other.RunnerService/Get"],
  ["/RunnerService", "/RunnerService"],
  ["/a/RunnerService/Get", "/a/RunnerService/Get"],
  ["/", "/"],
  ["", ""],
])("%s is served as %s", (given, served) => {
  expect(pathAliases(["stratavore.v1.RunnerService"])(given)).toBe(served);
});

test("old paths answer over HTTP/2 and HTTP/1.1, and unknown ones do not", async () => {
  const { port } = await listeningLayer({ services: ["stratavore.v1.EchoService"] });
  const client = grpcJsClient(`localhost:${port}`);
  for (const service of ["stratavore.v1.EchoService", "stratavore.EchoService", "EchoService"]) {
    expect(await client.unary(`/${service}/Echo`, "h2", `Bearer ${token}`)).toBe("h2");
    const request = [`POST /${service}/Echo HTTP/1.1`, `host: localhost:${port}`];
    const headers = ["content-type: application/json", `authorization: Bearer ${token}`];
    expect(await rawRequest(port, [...request, ...headers], '"h1"')).toMatch(/^HTTP\/1\.1 200[\s\S]*"h1"$/);
  }
  // grpc-js shows a plain HTTP 404 as UNIMPLEMENTED.
  await expect(client.unary("/other.EchoService/Echo", "", `Bearer ${token}`)).rejects.toMatchObject({
    code: 12,
  });
});
