import { expect, onTestFinished, test } from "vitest";
import { jsonLines, testWorld } from "./support/world.js";

test("an external runner is listed, watched and stopped", async () => {
  const world = testWorld();
  await world.startDaemon();
  await world.ok("project", "create", "my-project");
  const client = world.client();
  onTestFinished(() => client.close());
  const create = async (spec: object = {}) =>
    (await client.runners.create({ projectName: "my-project", external: true, spec })).id;
  const id = await create({ agent: "home-made", title: "A title" });
  await client.runners.heartbeat({ runnerId: id });
  expect(await world.ok("runners")).toMatch(
    new RegExp(`^${id}\\tmy-project\\thome-made\\trunning\\tidle\\t[^\\t]+\\texternal\\t\\tA title$`),
  );

  const watch = world.run(["events", "--json", "--type", "runner-heartbeat", "--limit", "2"]);
  const beats = setInterval(() => {
    void client.runners.heartbeat({ runnerId: id, resourceUsage: { cpuPercent: 12.4, memoryMb: 300n } });
  }, 50);
  onTestFinished(() => clearInterval(beats));
  const { code, stdout } = await watch;
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toHaveLength(2);
  const line = await world.ok("events", "--type", "runner-heartbeat", "--limit", "1");
  expect(line).toMatch(
    new RegExp(`^\\t[^\\t]+\\tRUNNER_HEARTBEAT\\tmy-project\\t${id}\\t12 % CPU, 300 MiB$`),
  );
  clearInterval(beats);

  const early = await create();
  expect(await world.ok("stop", early)).toBe(`${early} terminated (its owner did not say that it has ended)`);
  const stop = world.ok("stop", "--timeout", "60", id);
  await client.runners.wait({ runnerId: id, statuses: [4] });
  await client.runners.heartbeat({ runnerId: id, ended: true });
  expect(await stop).toBe(`${id} terminated (its owner says that it has ended)`);
});
