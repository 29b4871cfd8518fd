// A server in a process of its own, from our sources as they are: `node daemon.mjs DATA_DIR SESSION_ID`. It prints how many
// characters of the session it has stored, as that grows.
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { SessionService } from "@stratavore/proto";
import { createViteServer } from "vitest/node";

const [dataDir, sessionId] = process.argv.slice(2);
const vite = await createViteServer({
  root: fileURLToPath(new URL("../../..", import.meta.url)),
  configFile: false,
  logLevel: "error",
  appType: "custom",
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
const { createStratavore } = await vite.ssrLoadModule("/src/index.ts");
const server = await createStratavore({ dataDir });
const sessions = createClient(SessionService, server.transport);
process.stdout.write(`${JSON.stringify({ reconciled: server.reconciled })}\n`);
let stored = 0;
for await (const { update } of sessions.streamSession({ sessionId, fromStart: true })) {
  if (update.case === "delta") stored += update.value.change.value?.length ?? 0;
  process.stdout.write(`${JSON.stringify({ stored })}\n`);
}
