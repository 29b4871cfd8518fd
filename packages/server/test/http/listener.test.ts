import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { AddressInUseError, type ListenAddress, ListenError } from "../../src/http/index.js";
import { echoLayer } from "./fixture/layer.js";

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === "::1"),
);

test("port 0 is one free port for every address", async () => {
  const { layer } = echoLayer();
  const { addresses, skipped } = await layer.listen(["localhost:0"]);
  const ports = new Set(addresses.map((address) => address.kind === "tcp" && address.port));
  expect(ports.size).toBe(1);
  expect(ports.has(0)).toBe(false);
  expect(addresses.length).toBe(hasIpv6 ? 2 : 1);
  expect(skipped).toEqual(
    hasIpv6
      ? []
      : [{ address: { kind: "tcp", host: "::1", port: [...ports][0] }, reason: expect.any(String) }],
  );
  for (const url of addresses.map(urlOf)) expect((await fetch(url)).status, url).toBe(401);
});

test.runIf(hasIpv6)(
  "a port that is taken in one family only is refused, and what was open closes",
  async () => {
    const other = createServer().listen({ host: "::1", port: 0 });
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const { layer } = echoLayer();
    const error = await layer.listen([`localhost:${port}`]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AddressInUseError);
    expect(error).toMatchObject({ message: expect.stringContaining(`[::1]:${port}`) });
    expect(error).toMatchObject({ message: expect.stringMatching(/stop it, or listen on another port/) });
    const again = createServer().listen({ host: "127.0.0.1", port });
    onTestFinished(() => void again.close());
    await new Promise((resolve, reject) => again.once("listening", resolve).once("error", reject));
  },
);

test.each([
  ["192.0.2.1:0", /cannot listen on 192\.0\.2\.1:0: this machine has no such address/],
  ["nowhere.invalid:0", /cannot resolve that host name/],
])("%s is refused with a sentence", async (address, message) => {
  const { layer } = echoLayer();
  const error = await layer.listen([address]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
});

test("both wildcards share a port", async () => {
  const { layer } = echoLayer();
  const { addresses } = await layer.listen(["0.0.0.0:0", "[::]:0"]);
  expect(new Set(addresses.map((address) => address.kind === "tcp" && address.port)).size).toBe(1);
});

function urlOf(address: ListenAddress): string {
  if (address.kind !== "tcp") throw new Error("not a TCP address");
  return address.host === "::1" ? `http://[::1]:${address.port}` : `http://${address.host}:${address.port}`;
}
