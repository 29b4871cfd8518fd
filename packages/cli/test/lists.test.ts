import { expect, test } from "vitest";
import { testWorld } from "./support/world.js";

test("lists know where a watch has to begin, and a project that is not there", async () => {
  const world = testWorld();
  await world.startDaemon();
  await world.ok("run", "--agent", "demo", "Say hello.");
  for (const list of [["runners"], ["sessions"], ["project", "list"]]) {
    const { stdout } = await world.run([...list, "--json"]);
    const { asOfEventId } = JSON.parse(stdout) as { asOfEventId: string };
    expect(asOfEventId).toMatch(/^[0-9a-f]+-[1-9][0-9]*$/);
  }
  for (const list of [["runners"], ["sessions"], ["approvals"], ["search", "hello"]]) {
    const { code, stdout, stderr } = await world.run([...list, "--project", "nowhere"]);
    expect([list, code, stdout, stderr]).toEqual([
      list,
      4,
      "",
      expect.stringContaining('no project "nowhere"'),
    ]);
  }
});
