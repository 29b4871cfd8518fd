// `node daemon.mjs DATA_DIR SESSION_ID`: a server that prints how many characters of the session it has stored, as that
// grows.
import { createClient } from "@connectrpc/connect";
import { SessionService } from "@stratavore/proto";
import { open } from "./open.mjs";

const [dataDir, sessionId] = process.argv.slice(2);
const server = await open({ dataDir });
const sessions = createClient(SessionService, server.transport);
process.stdout.write(`${JSON.stringify({ reconciled: server.reconciled })}\n`);
let stored = 0;
for await (const { update } of sessions.streamSession({ sessionId, fromStart: true })) {
  if (update.case === "delta") stored += update.value.change.value?.length ?? 0;
  process.stdout.write(`${JSON.stringify({ stored })}\n`);
}
