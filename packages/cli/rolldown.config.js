import { defineConfig } from "rolldown";

/** One file each: the daemon finds `agent.js` beside itself, and the command finds `daemon.js`. */
const bundle = (input, file) =>
  defineConfig({
    input,
    platform: "node",
    external: ["better-sqlite3"],
    output: { file: `dist/${file}`, format: "esm", codeSplitting: false, minify: false },
  });

export default [
  bundle("src/main.ts", "stratavore.js"),
  bundle("src/daemon/main.ts", "daemon.js"),
  bundle("node_modules/@stratavore/testkit/dist/agent.js", "agent.js"),
];
