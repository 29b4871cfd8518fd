import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStratavore } from "@stratavore/server";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../src/node/index.js";

test("the client snippet of the API reference, without TLS: Created runner: …", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stratavore-snippet-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const environment = { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  const dataDir = join(folder, "data");
  await using server = await createStratavore({ dataDir, environment, defaultAgent: "demo" });
  const { addresses } = await server.listen(["127.0.0.1:0"]);

  await using client = createClient({ address: addresses[0], token: server.credential! });
  await client.projects.create({ name: "my-project", path: folder });
  const runner = await client.runners.create({ projectName: "my-project", model: "claude-3-sonnet" });

  expect(`Created runner: ${runner.id}`).toMatch(/^Created runner: runner_[0-9a-z]{26}$/);
  await client.runners.stop({ runnerId: runner.id, force: true });
});
