// Runs turbo with the workspace's own Node and pnpm, and without telemetry: node scripts/turbo.mjs run build
import { spawn } from "node:child_process";
import { join } from "node:path";
import { environment } from "./environment.mjs";
import { root } from "./root.mjs";

const program = join(root, "node_modules/.bin/turbo");
const turbo = spawn(program, process.argv.slice(2), { cwd: root, env: environment(root), stdio: "inherit" });
turbo.on("error", () => {
  process.stderr.write(
    "turbo is not installed yet: run `npm test` or `npm start` once, which installs everything.\n",
  );
  process.exitCode = 1;
});
turbo.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
