import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { formatEndpoint } from "../../src/node/address.js";
import { type DiscoverOptions, discover } from "../../src/node/discover.js";
import { temporaryDirectory } from "../fixtures/cleanup.js";

let home: string;
let env: Record<string, string>;

beforeEach(async () => {
  home = await temporaryDirectory();
  env = { HOME: home };
});

async function daemon(dataDir: string, content: object | string, credential?: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(
    join(dataDir, "daemon.json"),
    typeof content === "string" ? content : JSON.stringify(content),
  );
  if (credential !== undefined) await writeFile(join(dataDir, "credential"), credential, { mode: 0o600 });
  return dataDir;
}

async function register(port: number, dataDir: string, state = join(home, ".local/state")): Promise<void> {
  const folder = join(state, "stratavore/endpoints");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${port}.json`), JSON.stringify({ dataDir }));
}

async function found(options: DiscoverOptions = {}): Promise<[string, unknown]> {
  const { endpoint, token } = await discover(options, env);
  return [formatEndpoint(endpoint), token];
}

const tcpOnly = (port: number) => ({ pid: 1, version: "1", addresses: [`127.0.0.1:${port}`], socket: null });

describe("the address", () => {
  test("each source comes before those after it", async () => {
    const option = await daemon(join(home, "option"), tcpOnly(1));
    const variable = await daemon(join(home, "variable"), tcpOnly(3));
    const usual = await daemon(join(home, ".local/share/stratavore"), tcpOnly(4));
    env = { HOME: home, STRATAVORE_ADDRESS: "127.0.0.1:2", STRATAVORE_DATA_DIR: variable };
    expect((await found({ address: "localhost:9", dataDir: option }))[0]).toBe("localhost:9");
    expect((await found({ dataDir: option }))[0]).toBe("127.0.0.1:1");
    expect((await found())[0]).toBe("127.0.0.1:2");
    delete env.STRATAVORE_ADDRESS;
    expect((await found())[0]).toBe("127.0.0.1:3");
    delete env.STRATAVORE_DATA_DIR;
    expect((await found())[0]).toBe("127.0.0.1:4");
    await rm(usual, { recursive: true });
    expect((await found())[0]).toBe("localhost:50051");
  });

  test("an empty variable is none", async () => {
    env = { HOME: home, STRATAVORE_ADDRESS: "", STRATAVORE_DATA_DIR: "", STRATAVORE_TOKEN: " " };
    expect(await found()).toEqual(["localhost:50051", undefined]);
  });

  test("XDG_DATA_HOME moves the default, unless it is relative", async () => {
    await daemon(join(home, "xdg/stratavore"), tcpOnly(5));
    env.XDG_DATA_HOME = join(home, "xdg");
    expect((await found())[0]).toBe("127.0.0.1:5");
    env.XDG_DATA_HOME = "xdg";
    expect((await found())[0]).toBe("localhost:50051");
  });

  test("the unix socket comes first and needs no credential, except with TLS", async () => {
    const content = { addresses: ["127.0.0.1:6"], socket: "/run/s.sock" };
    const dataDir = await daemon(join(home, "d"), content, "secret\n");
    expect(await found({ dataDir })).toEqual(["unix:/run/s.sock", undefined]);
    expect(await found({ dataDir, tls: true })).toEqual(["https://127.0.0.1:6", "secret"]);
  });

  test("a data directory without a daemon is UNAVAILABLE and says how to start one", async () => {
    await expect(found({ dataDir: join(home, "none") })).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining(`stratavore daemon start --data-dir ${join(home, "none")}`),
    });
  });

  test.each(["", "{", "[]", "null", '{"addresses":"x"}', '{"addresses":[1]}', '{"addresses":[],"socket":1}'])(
    "a daemon.json with %j is UNAVAILABLE",
    async (content) => {
      const dataDir = await daemon(join(home, "d"), content);
      await expect(found({ dataDir })).rejects.toMatchObject({
        code: Code.Unavailable,
        rawMessage: expect.stringContaining("daemon.json"),
      });
    },
  );
});

describe("the credential", () => {
  test("each source comes before those after it", async () => {
    const own = await daemon(join(home, "own"), tcpOnly(7), "own\n");
    const other = await daemon(join(home, "other"), tcpOnly(7), "registered");
    await register(7, other);
    env.STRATAVORE_TOKEN = "variable";
    expect((await found({ dataDir: own, token: "option" }))[1]).toBe("option");
    expect((await found({ dataDir: own }))[1]).toBe("variable");
    delete env.STRATAVORE_TOKEN;
    expect((await found({ dataDir: own }))[1]).toBe("own");
    await rm(join(own, "credential"));
    expect((await found({ dataDir: own }))[1]).toBe("registered");
    expect((await found({ address: "localhost:7" }))[1]).toBe("registered");
    expect((await found({ address: "localhost:8" }))[1]).toBeUndefined();
  });

  test("is found by the port of localhost:50051 too, and under XDG_STATE_HOME", async () => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(50051), "default");
    await register(50051, dataDir, join(home, "state"));
    env.XDG_STATE_HOME = join(home, "state");
    expect(await found()).toEqual(["localhost:50051", "default"]);
  });

  test("from a file is never for another machine; one that was given is", async () => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(50051), "secret");
    await register(50051, dataDir);
    env.STRATAVORE_DATA_DIR = dataDir;
    for (const address of ["10.0.0.5:50051", "agents.example.com", "https://localhost.example.com:50051"]) {
      expect((await found({ address }))[1]).toBeUndefined();
      expect((await found({ address, dataDir }))[1]).toBeUndefined();
      expect((await found({ address, token: "given" }))[1]).toBe("given");
    }
    expect((await found({ address: "127.0.0.1:50051" }))[1]).toBe("secret");
  });

  test("a registered address on another machine is not sent it either", async () => {
    const content = { addresses: ["10.0.0.5:50051"], socket: null };
    const dataDir = await daemon(join(home, "d"), content, "secret");
    expect(await found({ dataDir })).toEqual(["10.0.0.5:50051", undefined]);
  });
});

describe("a file is refused", () => {
  test.each([0o640, 0o604, 0o660, 0o610])("as a credential with mode %o", async (mode) => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(7), "secret");
    await chmod(join(dataDir, "credential"), mode);
    await expect(found({ dataDir })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: expect.stringMatching(/credential is not used: others can open it \(mode 06/),
    });
  });

  test("when it is a link", async () => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(7));
    await writeFile(join(home, "elsewhere"), "secret", { mode: 0o600 });
    await symlink(join(home, "elsewhere"), join(dataDir, "credential"));
    await expect(found({ dataDir })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: expect.stringContaining("symbolic link"),
    });
  });

  test("when it is a directory", async () => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(7));
    await mkdir(join(dataDir, "credential"), { mode: 0o700 });
    await expect(found({ dataDir })).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  test("as a credential that could not be a header", async () => {
    const dataDir = await daemon(join(home, "d"), tcpOnly(7), "two\r\nlines");
    await expect(found({ dataDir })).rejects.toMatchObject({
      rawMessage: expect.stringContaining("damaged"),
    });
  });

  test.runIf(process.geteuid?.() === 0)("when it belongs to another user", async () => {
    const { chown } = await import("node:fs/promises");
    const dataDir = await daemon(join(home, "d"), tcpOnly(7), "secret");
    await chown(join(dataDir, "credential"), 65534, 65534);
    await expect(found({ dataDir })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: expect.stringContaining("uid 65534"),
    });
    await chown(join(dataDir, "daemon.json"), 65534, 65534);
    await expect(found({ dataDir })).rejects.toMatchObject({
      rawMessage: expect.stringMatching(/daemon\.json is not used: it belongs to another user/),
    });
  });
});
