import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { type Endpoint, formatEndpoint, parseAddress } from "../../src/node/address.js";

const tcp = (origin: string, port: number, loopback: boolean): Endpoint => ({
  kind: "tcp",
  origin,
  port,
  loopback,
});

describe("parseAddress", () => {
  test.each<[string, boolean, Endpoint]>([
    ["localhost", false, tcp("http://localhost:50051", 50051, true)],
    ["localhost:80", false, tcp("http://localhost", 80, true)],
    ["127.0.0.1:50052", false, tcp("http://127.0.0.1:50052", 50052, true)],
    ["127.8.9.1:1", false, tcp("http://127.8.9.1:1", 1, true)],
    ["0.0.0.0:50051", false, tcp("http://127.0.0.1:50051", 50051, true)],
    ["[::]:50051", false, tcp("http://[::1]:50051", 50051, true)],
    ["[::1]:50051", false, tcp("http://[::1]:50051", 50051, true)],
    ["::1", false, tcp("http://[::1]:50051", 50051, true)],
    ["[::1]", false, tcp("http://[::1]:50051", 50051, true)],
    ["agents.example.com", true, tcp("https://agents.example.com:50051", 50051, false)],
    ["agents.example.com:443", true, tcp("https://agents.example.com", 443, false)],
    ["https://agents.example.com", false, tcp("https://agents.example.com", 443, false)],
    ["HTTPS://agents.example.com:8443/", true, tcp("https://agents.example.com:8443", 8443, false)],
    ["http://10.0.0.5:50051", false, tcp("http://10.0.0.5:50051", 50051, false)],
    ["localhost.example.com:1", false, tcp("http://localhost.example.com:1", 1, false)],
    ["127.0.0.1.example.com:1", false, tcp("http://127.0.0.1.example.com:1", 1, false)],
    ["[2001:db8::1]:7", false, tcp("http://[2001:db8::1]:7", 7, false)],
    ["unix:/run/stratavore.sock", false, { kind: "unix", path: "/run/stratavore.sock" }],
    ["unix:///run/stratavore.sock", false, { kind: "unix", path: "/run/stratavore.sock" }],
  ])("reads %s (tls: %s)", (address, tls, endpoint) => {
    expect(parseAddress(address, tls)).toEqual(endpoint);
  });

  test.each([
    ["", false],
    ["localhost:99999", false],
    ["ftp://localhost:1", false],
    ["http://localhost:1/api", false],
    ["http://user:word@localhost:1", false],
    ["user@localhost:1", false],
    ["localhost:1?x", false],
    ["http://localhost:1", true],
    ["unix:relative.sock", false],
    ["unix:", false],
    ["unix:/run/stratavore.sock", true],
    ["a b", false],
  ])("refuses %j (tls: %s)", (address, tls) => {
    expect(() => parseAddress(address, tls)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }));
  });

  test("shows an endpoint as a person would write it", () => {
    expect(formatEndpoint(parseAddress("localhost", false))).toBe("localhost:50051");
    expect(formatEndpoint(parseAddress("https://a.example", false))).toBe("https://a.example");
    expect(formatEndpoint(parseAddress("unix:/a", false))).toBe("unix:/a");
  });
});
