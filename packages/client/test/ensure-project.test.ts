import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { createStratavore } from "@stratavore/server";
import { expect, onTestFinished, test } from "vitest";
import { AlreadyExistsError, createClient } from "../src/index.js";
import { temporaryDirectory } from "./fixtures/cleanup.js";

test("a project is made once, stays as it is, and is not another one of that name", async () => {
  const server = await createStratavore({ dataDir: null });
  onTestFinished(() => server.close());
  const client = createClient({ transport: server.transport });
  const path = await realpath(await temporaryDirectory());
  const made = await client.projects.ensure({ name: "web", path, description: "first" });
  const again = await client.projects.ensure({ name: "web", path, description: "second" });
  expect(again).toEqual(made);
  expect(again.description).toBe("first");
  await mkdir(join(path, "other"));
  const taken = client.projects.ensure({ name: "web", path: join(path, "other") });
  await expect(taken).rejects.toBeInstanceOf(AlreadyExistsError);
});
