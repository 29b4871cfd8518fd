import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { CredentialFileError, ensureLocalCredential, readLocalCredential } from "../../src/http/index.js";

let dataDir: string;
let path: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "credential-"));
  dataDir = join(folder, "data");
  path = join(dataDir, "credential");
  onTestFinished(() => rm(folder, { recursive: true }));
});

test("is made once, 256 random bits, for this user alone", async () => {
  const made = await ensureLocalCredential(dataDir);
  expect(made).toEqual({ token: expect.stringMatching(/^stv_[\w-]{43}$/), path });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  expect(await readdir(dataDir)).toEqual(["credential"]);
  expect(await ensureLocalCredential(dataDir)).toEqual(made);
  expect(await readLocalCredential(dataDir)).toEqual(made);
});

test("made by many at once is one, and every one of them has it", async () => {
  for (let round = 0; round < 10; round++) {
    await rm(dataDir, { recursive: true, force: true });
    const starts = Array.from({ length: 20 }, async (_, turns) => {
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      return ensureLocalCredential(dataDir);
    });
    const made = await Promise.all(starts);
    expect(new Set(made.map(({ token }) => token)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(["credential"]);
  }
});

test("of the user's own making is used, with or without a line end", async () => {
  await mkdir(dataDir);
  await writeFile(path, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
  expect((await ensureLocalCredential(dataDir)).token).toBe("0123456789abcdef0123456789abcdef");
});

describe("one that cannot be trusted", () => {
  test.each([0o644, 0o640, 0o604, 0o620])(
    "because of its mode (%o) is no longer worth anything",
    async (mode) => {
      const { token } = await ensureLocalCredential(dataDir);
      await chmod(path, mode);
      await expect(readLocalCredential(dataDir)).rejects.toThrow(/can be opened by others \(mode 06/);
      const replaced = await ensureLocalCredential(dataDir);
      expect(replaced.token).not.toBe(token);
      expect(replaced.replaced).toContain("can be opened by others");
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readLocalCredential(dataDir)).toMatchObject({ token: replaced.token });
    },
  );

  test.each(["", "short", "two words that are long enough in all", "x".repeat(5000)])(
    "because it is damaged is replaced: %j",
    async (text) => {
      await mkdir(dataDir);
      await writeFile(path, text, { mode: 0o600 });
      await expect(readLocalCredential(dataDir)).rejects.toThrow(/is damaged/);
      expect(await ensureLocalCredential(dataDir)).toMatchObject({
        replaced: expect.stringContaining("is damaged"),
      });
      await readLocalCredential(dataDir);
    },
  );

  test("because it is a link is refused and left alone", async () => {
    await mkdir(dataDir);
    const target = join(dataDir, "target");
    await writeFile(target, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
    await symlink(target, path);
    await expect(ensureLocalCredential(dataDir)).rejects.toThrow(/symbolic link/);
    expect(await readFile(target, "utf8")).toBe("0123456789abcdef0123456789abcdef");
  });

  test("because it is a folder or a FIFO is refused, without waiting", async () => {
    await mkdir(path, { recursive: true });
    await expect(ensureLocalCredential(dataDir)).rejects.toThrow(/not a regular file/);
    await rm(path, { recursive: true });
    execFileSync("mkfifo", ["-m", "600", path]);
    await expect(ensureLocalCredential(dataDir)).rejects.toThrow(/not a regular file/);
  });

  test.runIf(process.getuid?.() === 0)("because it is another user's is refused", async () => {
    await ensureLocalCredential(dataDir);
    execFileSync("chown", ["65534", path]);
    await expect(ensureLocalCredential(dataDir)).rejects.toThrow(/belongs to another user \(uid 65534\)/);
  });
});

test("a missing one is said to be missing", async () => {
  const error = await readLocalCredential(dataDir).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CredentialFileError);
  expect(error).toMatchObject({
    path,
    message: expect.stringContaining("the server makes it when it starts"),
  });
});
