// Opens the store of a directory and writes events without end, saying each acknowledged seq on a line of its own.
import { openStore } from "../../../src/store/index.js";

const [dir = "", mode = "write"] = process.argv.slice(2);

try {
  const store = await openStore({ dataDir: dir });
  process.stdout.write(`open ${store.generation}\n`);
  if (mode === "hold") setInterval(() => store.read.events.head(), 1000);
  else await Promise.all(Array.from({ length: 8 }, write));

  async function write(): Promise<void> {
    for (;;) {
      const seq = await store.transaction((tx) => tx.events.append({ type: 1, payload: new Uint8Array(50) }));
      process.stdout.write(`${seq}\n`);
    }
  }
} catch (error) {
  const { kind, message } = error as { kind: string; message: string };
  process.stdout.write(`refused ${kind} ${message}\n`);
}
