import { mkdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { failedPrecondition, invalidField } from "../domain/errors.js";

const folderName = "backups";

/**
 * Where a backup is to be written: the path that was asked for, or a dated name in `backups` in the data directory.
 *
 * @throws DomainError invalid_argument: relative, with `..`, or among the daemon's own files; failed_precondition: its
 *   directory is missing, or there is no data directory
 */
export async function checkBackupPath(path: string, dataDir: string | null): Promise<string> {
  if (dataDir === null)
    throw failedPrecondition(
      "NO_DATA_DIRECTORY",
      "this server keeps its record in memory; there is no file to copy",
    );
  const folder = join(await realpath(dataDir), folderName);
  if (path === "") {
    await makeFolder(folder);
    return join(folder, `stratavore-${new Date().toISOString().replaceAll(":", "-")}.db`);
  }
  if (!isAbsolute(path)) throw invalidField("path", `"${path}" is relative; give an absolute path`);
  if (path.split(sep).includes(".."))
    throw invalidField("path", `"${path}" goes up with ".."; give the path itself`);
  if (path.endsWith(sep)) throw invalidField("path", `"${path}" names a directory; give the file to write`);
  if (dirname(path) === folder) await makeFolder(folder);
  const parent = await realpath(dirname(path)).catch(() => null);
  if (parent === null || !(await stat(parent)).isDirectory()) {
    throw failedPrecondition("BACKUP_PATH", `there is no directory ${dirname(path)}; create it first`, {
      path,
    });
  }
  const own = dirname(folder);
  if (parent !== folder && (parent === own || parent.startsWith(own + sep)))
    throw invalidField(
      "path",
      `${parent} is for the daemon's own files; use ${folder} or a place outside ${own}`,
    );
  return join(parent, basename(path));
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw failedPrecondition("BACKUP_PATH", `${folder} cannot be made: ${error.message}`, { path: folder });
  });
}
