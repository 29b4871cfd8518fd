import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.mjs";
import { runStep } from "./step.mjs";
import { build, install, root } from "./workspace.mjs";

/** Agents that people use are tested as they are published; they are installed here, apart from the workspace. */
const server = join(root, "packages/server");
const wanted = join(server, "test/real-agents/programs/package.json");
const folder = join(root, "node_modules/.test-agents");

/** Brings the agents in the versions that the tests are written for, unless they are there. */
async function installAgents() {
  const manifest = join(folder, "package.json");
  const isThere = existsSync(join(folder, "node_modules")) && existsSync(manifest);
  if (isThere && readFileSync(manifest, "utf8") === readFileSync(wanted, "utf8")) return;
  mkdirSync(folder, { recursive: true });
  cpSync(wanted, manifest);
  await runStep({
    title: "Installing agents",
    command: "npm",
    args: ["install", "--no-audit", "--no-fund", "--no-package-lock"],
    cwd: folder,
    env: process.env,
  });
}

await install();
await build(["@stratavore/server"]);
await installAgents();
const child = spawn(
  "node_modules/.bin/vitest",
  ["run", "--config", "vitest.agents.config.ts", ...process.argv.slice(2)],
  {
    cwd: server,
    env: { ...environment(root), STRATAVORE_TEST_AGENTS: folder },
    stdio: ["ignore", "inherit", "inherit"],
  },
);
const [code] = await once(child, "close");
process.exitCode = code ?? 1;
