import { chmod, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { chooseSocketPath, prepareSocketFolder } from "../../src/http/index.js";
import { grpcJsClient } from "./fixture/clients.js";
import { echoLayer } from "./fixture/layer.js";

const long = `/data/${"d".repeat(100)}`;

describe("chooseSocketPath", () => {
  test("stays in the data directory while that fits", () => {
    expect(chooseSocketPath("/data/short")).toEqual({
      path: "/data/short/stratavore.sock",
      ownFolder: false,
    });
    expect(chooseSocketPath(`/${"d".repeat(83)}`).path.length).toBe(100);
    expect(chooseSocketPath(`/${"d".repeat(84)}`).ownFolder).toBe(true);
    // The limit is in bytes.
    expect(chooseSocketPath(`/${"ä".repeat(50)}`).ownFolder).toBe(true);
  });

  test("then takes the runtime directory, then a private temporary folder", () => {
    expect(chooseSocketPath(long, { runtimeDir: "/run/user/7" }).path).toMatch(
      /^\/run\/user\/7\/stratavore\/[0-9a-f]{16}\.sock$/,
    );
    const tmp = /^\/tmp\/stratavore-7\/[0-9a-f]{16}\.sock$/;
    expect(chooseSocketPath(long, { runtimeDir: "", tmpDir: "/tmp", uid: 7 }).path).toMatch(tmp);
    const deep = `/run/${"r".repeat(90)}`;
    expect(chooseSocketPath(long, { runtimeDir: deep, tmpDir: "/tmp", uid: 7 }).path).toMatch(tmp);
  });

  test("gives one data directory one path, and another another", () => {
    const at = (dataDir: string) => chooseSocketPath(dataDir, { runtimeDir: "/run" }).path;
    expect(at(long)).toBe(at(`${long}/`));
    expect(at(long)).not.toBe(at(`${long}2`));
  });
});

describe("prepareSocketFolder", () => {
  let tmpDir: string;

  beforeEach(async () => {
    tmpDir = await mkdtemp(join(tmpdir(), "place-"));
    onTestFinished(() => rm(tmpDir, { recursive: true }));
  });

  test("makes a folder for this user alone, in which a server can listen", async () => {
    const place = chooseSocketPath(long, { runtimeDir: "", tmpDir });
    await prepareSocketFolder(place);
    await chmod(dirname(place.path), 0o755);
    await prepareSocketFolder(place);
    expect((await stat(dirname(place.path))).mode & 0o777).toBe(0o700);
    const { layer } = echoLayer();
    await layer.listen([{ kind: "unix", path: place.path }]);
    expect(await grpcJsClient(`unix:${place.path}`).unary("/grpc.health.v1.Health/Check", "")).toBe(
      "serving",
    );
  });

  test("refuses a link that somebody put there first", async () => {
    const place = chooseSocketPath(long, { runtimeDir: "", tmpDir });
    await symlink(tmpDir, dirname(place.path));
    await expect(prepareSocketFolder(place)).rejects.toThrow(/belongs to somebody else/);
  });
});
