import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { TouchedPath } from "../../domain/approval-policy/asked-call.js";

/** What a path of a call really is now, seen from each folder that it may be relative to. */
export function touchedPaths(
  given: string,
  project: string,
  bases: readonly string[],
  home: string,
): TouchedPath[] {
  const path = withoutScheme(given);
  if (path === undefined || path.includes("\0")) return [{ inside: undefined, names: [given] }];
  const atHome = /^~(?=\/|$)/.test(path) ? join(home, path.slice(1)) : path;
  const places = isAbsolute(atHome) ? [""] : bases;
  return places.map((base) => touched(path, resolve(base, atHome), `${base}/${atHome}`, project));
}

/** The path in a location, which may end in the number of a line. */
export function pathOfLocation(location: string, base: string): string {
  return existsSync(resolve(base, location.replaceAll("\0", ""))) ? location : location.replace(/:\d+$/, "");
}

function withoutScheme(path: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return path.replace(/^file:/i, "");
  try {
    return fileURLToPath(path);
  } catch {
    return undefined;
  }
}

function touched(given: string, absolute: string, unresolved: string, project: string): TouchedPath {
  const root = realOf(project);
  const real = realOf(absolute);
  const inside = root === undefined || real === undefined ? undefined : within(root, real);
  // A step up from a link is a step up from where it leads.
  const isSure = !given.split("/").includes("..") && !given.startsWith("~");
  const absolutes = [absolute, real, realOf(unresolved)].filter((each) => each !== undefined);
  const roots = [project, root].filter((each) => each !== undefined);
  const relatives = roots.flatMap((each) => absolutes.map((path) => within(each, path)));
  const names = new Set([...absolutes, ...relatives.filter((each) => each !== undefined)]);
  return { inside: isSure ? inside : undefined, names: [...names] };
}

function within(folder: string, path: string): string | undefined {
  const rest = relative(folder, path);
  return rest === ".." || rest.startsWith(`..${sep}`) || isAbsolute(rest) ? undefined : rest;
}

/** Where a path leads, also if it is still to be made; undefined when that cannot be told. */
function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || isThere(path) || dirname(path) === path) return undefined;
    const parent = realOf(dirname(path));
    return parent === undefined ? undefined : join(parent, path.slice(dirname(path).length));
  }
}

/** A link that leads nowhere yet would be made where it leads. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
