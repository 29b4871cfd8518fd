import { realpath, stat } from "node:fs/promises";
import { isAbsolute, normalize, relative, sep } from "node:path";
import { DomainError, failedPrecondition, invalidField } from "../domain/errors.js";

/**
 * A project's directory as the system knows it, without symbolic links.
 *
 * @throws DomainError invalid_argument: relative or with `..`; failed_precondition: missing or no directory;
 *   permission_denied: outside the allowed roots
 */
export async function checkProjectPath(path: string, allowedRoots: readonly string[]): Promise<string> {
  if (!isAbsolute(path)) throw invalidField("path", `"${path}" is relative; give an absolute path`);
  if (path.split(sep).includes(".."))
    throw invalidField("path", `"${path}" goes up with ".."; give the path itself`);
  const real = await realpath(normalize(path)).catch(() => null);
  if (real === null) {
    throw failedPrecondition("PROJECT_PATH", `there is no directory ${path}; create it first`, { path });
  }
  if (!(await stat(real)).isDirectory()) {
    throw failedPrecondition("PROJECT_PATH", `${path} is not a directory`, { path });
  }
  const roots = await Promise.all(allowedRoots.map((root) => realpath(root).catch(() => null)));
  if (roots.length > 0 && !roots.some((root) => root !== null && contains(root, real))) {
    throw new DomainError(
      "permission_denied",
      "PROJECT_PATH",
      `${path} lies outside the directories that projects may use: ${allowedRoots.join(", ")}`,
      { details: { path } },
    );
  }
  return real;
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
