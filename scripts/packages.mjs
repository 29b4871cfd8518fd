import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Manifest the parts of a package.json that the scripts read
 * @property {string} name
 * @property {string} [version]
 * @property {boolean} [private]
 * @property {string} [packageManager]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 */

/**
 * @typedef {object} Package
 * @property {string} folder relative to the workspace; empty for the workspace itself
 * @property {Manifest} manifest
 */

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Package}
 */
function readPackage(root, folder) {
  return { folder, manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) };
}

/** Folders that a line of `packages:` in pnpm-workspace.yaml stands for: `name` or `name/*`. */
function foldersOf(/** @type {string} */ root, /** @type {string} */ pattern) {
  if (!pattern.endsWith("/*")) return [pattern];
  const parent = pattern.slice(0, -2);
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
}

/**
 * The workspace's own package and then the others by folder.
 *
 * @param {string} root the workspace's folder
 * @returns {Package[]}
 */
export function workspacePackages(root) {
  const yaml = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const list = /^packages:\n((?: {2}- .*\n)+)/m.exec(yaml)?.[1] ?? "";
  const patterns = list.split("\n").flatMap((line) => line.match(/(?<=^ {2}- ).+/) ?? []);
  const folders = patterns
    .flatMap((pattern) => foldersOf(root, pattern))
    .filter((folder) => existsSync(join(root, folder, "package.json")));
  return ["", ...folders.sort()].map((folder) => readPackage(root, folder));
}
