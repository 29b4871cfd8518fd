import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

const program = fileURLToPath(new URL("../node_modules/.bin/buf", import.meta.url));

/**
 * Runs buf in a folder and gives what it wrote to its output. On failure throws execFileSync's error, whose `status`
 * is 100 if buf ran and found something, and whose `stdout` and `stderr` say what.
 *
 * @param {string[]} args
 * @param {string} [cwd] default: the repository
 * @returns {Buffer}
 */
export function buf(args, cwd = root) {
  return execFileSync(program, args, { cwd, maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"] });
}

/**
 * Compiles the module `proto` of a workspace, with comments. Needs the imported files; `npm run generate` writes them.
 *
 * @param {string} [workspace] folder with buf.yaml; default: the repository
 * @returns {import("@bufbuild/protobuf").FileRegistry}
 */
export function compile(workspace = root) {
  const image = buf(["build", "proto", "--as-file-descriptor-set", "-o", "-"], workspace);
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
}

/**
 * What the module `proto` of one workspace breaks for users of another one's, by buf's FILE rules; a line each, empty if
 * nothing.
 *
 * @param {string} workspace folder with buf.yaml
 * @param {string} against the same before the change
 * @returns {string[]}
 */
export function breakingChanges(workspace, against) {
  const [now, before] = [workspace, against].map((folder) => {
    const image = join(mkdtempSync(join(tmpdir(), "stratavore-image-")), "image.binpb");
    buf(["build", "proto", "-o", image], folder);
    return image;
  });
  const config = '{"version":"v2","breaking":{"use":["FILE"]}}';
  try {
    buf(["breaking", now, "--against", before, "--config", config, "--exclude-imports"], workspace);
    return [];
  } catch (error) {
    if (error.status !== 100) throw error;
    return error.stdout.toString().trim().split("\n");
  } finally {
    for (const image of [now, before]) rmSync(dirname(image), { recursive: true });
  }
}
