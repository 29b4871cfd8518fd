import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspacePackages } from "./packages.mjs";
import { root as ownRoot } from "./root.mjs";
import { runStep } from "./step.mjs";

const stampFile = "node_modules/.installed";

/** Changes with everything that decides what an install brings. */
function fingerprint(/** @type {string} */ root) {
  const manifests = workspacePackages(root).map(({ folder }) => join(folder, "package.json"));
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const path of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

/** True if the last install that succeeded brought what is wanted now. */
function isInstalled(/** @type {string} */ root) {
  const stamp = join(root, stampFile);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint(root);
}

/**
 * Brings the packages that the lockfile names, Node among them, by the pnpm that package.json names. Does nothing, and
 * says nothing, if they are there.
 *
 * @param {string} [root] default: this repository
 * @returns {Promise<void>} rejects with a StepError that holds pnpm's output
 */
export async function install(root = ownRoot) {
  if (isInstalled(root)) return;
  const pnpm = workspacePackages(root)[0]?.manifest.packageManager?.split("+")[0];
  if (pnpm === undefined) throw new Error("package.json names no packageManager");
  await runStep({
    title: "Installing packages",
    command: "npx",
    args: ["-y", pnpm, "install", "--frozen-lockfile"],
    cwd: root,
    // With CI set pnpm asks nothing.
    env: { ...process.env, CI: "true" },
    note: (line) => line.match(/^Progress: (.*)/)?.[1],
  });
  writeFileSync(join(root, stampFile), fingerprint(root));
}
