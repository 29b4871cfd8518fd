import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStratavore } from "../../src/index.js";
import { clientsOf, environmentIn, keptLog, type Opened, project } from "../rpc/fixture/stratavore.js";

/** A server of its own for one try of a property, with the project `web`; nothing is left of it when the try is over. */
export async function onFreshServer<T>(attempt: (opened: Opened) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "stratavore-property-"));
  const { log, lines } = keptLog();
  const server = await createStratavore({
    dataDir: join(folder, "data"),
    environment: environmentIn(folder),
    log,
  });
  const opened = { server, folder, lines, ...clientsOf(server.transport) };
  try {
    await project(opened);
    return await attempt(opened);
  } finally {
    await opened.runners.batchStopRunners({ projectName: "web", force: true });
    await server.close({ graceMs: 0 });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
