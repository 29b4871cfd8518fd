import { join } from "node:path";
import { RunnerStatus } from "@stratavore/proto";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { limitedHouse, samples, talking } from "./quota-house.js";

test("a project whose limits cannot be read is logged once, and others' limits hold all the same", async () => {
  const house = await limitedHouse({});
  const damage = (sql: string) => {
    const raw = new Database(join(house.dataDir, "stratavore.db"));
    raw.prepare(sql).run();
    raw.close();
  };
  await house.projects.createProject({ name: "sound", path: house.project });
  const { runnerId } = await talking(house);
  damage("UPDATE projects SET quota = x'ff' WHERE name = 'p'");
  await samples(house, runnerId, 3);
  const errors = house.errors.filter(({ message }) => message.includes("limits of a project"));
  expect(errors.length).toBe(1);
  const { runner } = await house.runners.createRunner({
    projectName: "sound",
    quota: { maxMemoryMb: 1n },
    spec: { agent: "plain" },
  });
  await house.status(runner!.id, RunnerStatus.FAILED);
  expect((await house.runner(runnerId)).status).toBe(RunnerStatus.RUNNING);
});
