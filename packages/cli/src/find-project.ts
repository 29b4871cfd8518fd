import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { Code, ConnectError, type StratavoreClient } from "@stratavore/client/node";
import { CliError, exitCodes } from "./exit-codes.js";
import type { Output } from "./output/output.js";

/**
 * Name of the project whose directory is the current one. If there is none it is created, named after the directory,
 * and that is said.
 *
 * @throws CliError: another project has that name
 */
export async function projectHere(
  client: StratavoreClient,
  out: Output,
  signal: AbortSignal,
): Promise<string> {
  const path = await realpath(process.cwd());
  for await (const project of client.projects.all({ limit: 1000 }, { signal })) {
    if (project.path === path) return project.name;
  }
  const name = basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 128);
  try {
    await client.projects.create({ name: name || "project", path }, { signal });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.AlreadyExists) throw error;
    const message = `${path} is no project yet, and another one has the name ${name}: use --project NAME, or stratavore project create NAME`;
    throw new CliError(message, exitCodes.precondition);
  }
  out.note(`Created project ${name} for ${path}`);
  return name;
}

/** The name of a project that is there; what lists rows of a project that is not would list none. @throws NotFoundError */
export async function knownProject(
  client: StratavoreClient,
  name: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (name !== undefined) await client.projects.get({ name }, { signal });
  return name;
}
