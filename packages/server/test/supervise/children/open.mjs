// A server from our sources as they are, for a process that a test can kill.
import { fileURLToPath } from "node:url";
import { createViteServer } from "vitest/node";

export async function open(options) {
  const vite = await createViteServer({
    root: fileURLToPath(new URL("../../..", import.meta.url)),
    configFile: false,
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  const { createStratavore } = await vite.ssrLoadModule("/src/index.ts");
  return await createStratavore(options);
}
