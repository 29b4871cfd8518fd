import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStratavore } from "../../src/index.js";
import { clientsOf, environmentIn, keptLog, type Opened, project } from "../rpc/fixture/stratavore.js";

/**
 * A server of its own for one try of a property, with the project `web`; nothing is left of it when the try is over.
 * `reopen` ends it and gives the next one on its data.
 */
export async function onFreshServer<T>(
  attempt: (opened: Opened, reopen: () => Promise<Opened>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "stratavore-property-"));
  let opened = await openIn(folder);
  const reopen = async () => {
    await opened.server.close({ graceMs: 0 });
    opened = await openIn(folder);
    return opened;
  };
  try {
    await project(opened);
    return await attempt(opened, reopen);
  } finally {
    await opened.runners.batchStopRunners({ projectName: "web", force: true });
    await opened.server.close({ graceMs: 0 });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function openIn(folder: string): Promise<Opened> {
  const { log, lines } = keptLog();
  const dataDir = join(folder, "data");
  const server = await createStratavore({ dataDir, environment: environmentIn(folder), log });
  return { server, folder, lines, ...clientsOf(server.transport) };
}
