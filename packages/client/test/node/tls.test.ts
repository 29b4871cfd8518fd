import { readFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { DaemonService } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import type { TlsOptions } from "../../src/node/index.js";
import { testClient } from "../fixtures/cleanup.js";

const file = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const caFile = file("ca.crt");
const certFile = file("client.crt");
const keyFile = file("client.key");

/** A server that asks for a client certificate of the test's authority. */
async function secureServer(): Promise<string> {
  const server = createSecureServer(
    {
      cert: await readFile(file("server.crt")),
      key: await readFile(file("server.key")),
      ca: await readFile(caFile),
      requestCert: true,
      rejectUnauthorized: true,
    },
    connectNodeAdapter({
      routes: (router) =>
        router.rpc(DaemonService.method.getStatus, () => ({ daemonStatus: { version: "tls" } })),
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return `localhost:${(server.address() as AddressInfo).port}`;
}

test.each<[string, () => Promise<TlsOptions>]>([
  ["files", async () => ({ caFile, certFile, keyFile })],
  [
    "their contents",
    async () => ({
      ca: await readFile(caFile, "utf8"),
      cert: await readFile(certFile),
      key: new Uint8Array(await readFile(keyFile)),
    }),
  ],
])("mutual TLS by %s", async (_, tls) => {
  const client = testClient({ address: await secureServer(), tls: await tls() });
  expect((await client.daemon.status()).daemonStatus?.version).toBe("tls");
  await client.close();
});

test.each<[string, TlsOptions]>([
  ["a server of an unknown authority", { certFile, keyFile }],
  ["a client without its certificate", { caFile }],
])("%s is UNAVAILABLE", async (_, tls) => {
  const client = testClient({ address: await secureServer(), tls, retry: false });
  await expect(client.daemon.status()).rejects.toMatchObject({ code: Code.Unavailable });
  await client.close();
});

test("a missing file is named", async () => {
  const client = testClient({ address: await secureServer(), tls: { caFile: "/nowhere/ca.crt" } });
  await expect(client.daemon.status()).rejects.toMatchObject({
    code: Code.FailedPrecondition,
    rawMessage: "the TLS file /nowhere/ca.crt cannot be read (ENOENT)",
  });
});
