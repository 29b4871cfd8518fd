import { describe, expect, test } from "vitest";
import { AddressFormatError, formatAddress, parseAddress } from "../../src/http/index.js";

describe("parseAddress", () => {
  test.each([
    ["localhost:50051", { kind: "tcp", host: "localhost", port: 50051 }],
    ["LocalHost:1", { kind: "tcp", host: "localhost", port: 1 }],
    ["127.0.0.1:0", { kind: "tcp", host: "127.0.0.1", port: 0 }],
    ["[::1]:50051", { kind: "tcp", host: "::1", port: 50051 }],
    [":8080", { kind: "tcp", host: "localhost", port: 8080 }],
    [":0", { kind: "tcp", host: "localhost", port: 0 }],
    ["build-1.example.com:65535", { kind: "tcp", host: "build-1.example.com", port: 65535 }],
    ["unix:/run/a b.sock", { kind: "unix", path: "/run/a b.sock" }],
    ["unix:///run/a.sock", { kind: "unix", path: "/run/a.sock" }],
  ])("reads %s", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each([
    ["", /no port/],
    ["localhost", /no port, as in localhost:50051/],
    ["[::1]", /no port/],
    ["localhost:", /no port after the colon/],
    ["localhost:65536", /"65536" is not a port/],
    ["localhost:-1", /"-1" is not a port/],
    ["localhost:1e3", /"1e3" is not a port/],
    ["localhost:http", /"http" is not a port/],
    ["::1:50051", /needs brackets/],
    ["[127.0.0.1]:1", /not an IPv6 address/],
    ["[::1:50051", /brackets/],
    ["http://localhost:50051", /leave out the scheme/],
    ["*:50051", /0\.0\.0\.0:PORT/],
    ["256.1.1.1:50051", /neither a host name nor an IP address/],
    ["a_b c:50051", /neither a host name nor an IP address/],
    ["-a:50051", /neither a host name nor an IP address/],
    ["unix:", /absolute path/],
    ["unix:relative.sock", /absolute path/],
    ["unix://host/path", /absolute path/],
    ["unix:/a\0b", /NUL/],
  ])("says what is wrong with %j", (text, message) => {
    expect(() => parseAddress(text)).toThrow(AddressFormatError);
    expect(() => parseAddress(text)).toThrow(message);
  });

  test.each(["127.0.0.1:1", "[::1]:50051", "unix:/a/b.sock"])("is undone by formatAddress: %s", (text) => {
    expect(formatAddress(parseAddress(text))).toBe(text);
  });
});
