import { cors } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { originSet } from "../../src/http/origin.js";
import { echoLayer, listeningLayer, token } from "./fixture/layer.js";

const app = "https://app.example.com";
const path = "/stratavore.v1.EchoService/Echo";
const call = { method: "POST", body: '"hi"' };
const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
const preflight = (origin: string) => ({
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization",
  },
});

test("a foreign Origin gets 403, credential or not, on any path", async () => {
  const { url } = await listeningLayer({ allowedOrigins: [app] });
  const foreign = [
    "https://evil.example",
    `${app}:8443`,
    "http://app.example.com",
    `${app}.evil.example`,
    "null",
    "",
  ];
  for (const origin of foreign) {
    for (const at of [path, "/grpc.health.v1.Health/Check", "/nowhere"]) {
      const answer = await fetch(url + at, { ...call, headers: { ...headers, origin } });
      expect(answer.status, origin).toBe(403);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(await answer.text()).toContain("does not answer pages of the origin");
    }
  }
});

test("a foreign preflight gets 403 and no CORS headers", async () => {
  const { url } = await listeningLayer({ allowedOrigins: [app] });
  const answer = await fetch(url + path, preflight("https://evil.example"));
  expect(answer.status).toBe(403);
  expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("an allowed preflight names what Connect and gRPC-web send, and needs no credential", async () => {
  const { url } = await listeningLayer({ allowedOrigins: [app] });
  const answer = await fetch(url + path, preflight(app));
  expect(answer.status).toBe(204);
  expect(answer.headers.get("access-control-allow-origin")).toBe(app);
  expect(answer.headers.get("vary")).toBe("Origin");
  const list = (name: string) => (answer.headers.get(name) ?? "").toLowerCase().split(", ");
  expect(list("access-control-allow-methods")).toEqual(["post", "get"]);
  for (const header of [...cors.allowedHeaders, "authorization"]) {
    expect(list("access-control-allow-headers")).toContain(header.toLowerCase());
  }
});

test("an allowed Origin can read answers and refusals alike", async () => {
  const { url } = await listeningLayer({ allowedOrigins: [app] });
  const answer = await fetch(url + path, { ...call, headers: { ...headers, origin: app } });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toBe("hi");
  for (const type of ["application/json", "application/grpc-web+proto"]) {
    const refusal = await fetch(url + path, { ...call, headers: { "content-type": type, origin: app } });
    expect(refusal.headers.get("access-control-allow-origin")).toBe(app);
    expect(refusal.headers.get("access-control-expose-headers")).toContain("Grpc-Status");
  }
});

test("a page that the server delivered itself passes, under its own name only", async () => {
  const { url, port } = await listeningLayer();
  const status = async (origin: string) =>
    (await fetch(url + path, { ...call, headers: { ...headers, origin } })).status;
  expect(await status(url)).toBe(200);
  expect(await status(`http://localhost:${port}`)).toBe(403);
  expect(await status("http://127.0.0.1")).toBe(403);
});

test("origins that no browser sends are refused as options", () => {
  for (const origin of [`${app}/`, "app.example.com", "*", "null", "https://App.example.com"]) {
    expect(() => originSet([origin]), origin).toThrow(TypeError);
    expect(() => echoLayer({ allowedOrigins: [origin] })).toThrow(TypeError);
  }
});
