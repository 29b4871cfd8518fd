import { expect, test } from "vitest";
import { heardExternal, withProject } from "./fixture/external.js";
import { open } from "./fixture/stratavore.js";

const peakOf = async ({ runners }: Pick<Awaited<ReturnType<typeof open>>, "runners">, runnerId: string) =>
  (await runners.getRunner({ runnerId, includeMetrics: true })).metrics!.peakMemoryMb;

test("the most memory that an external runner took is known to the next daemon, and after its end", async () => {
  const first = await withProject();
  const { folder } = first;
  const runnerId = await heardExternal(first);
  await first.runners.heartbeat({ runnerId, resourceUsage: { memoryMb: 300n } });
  await first.runners.heartbeat({ runnerId, resourceUsage: { memoryMb: 100n } });
  await first.server.close({ graceMs: 0 });
  const second = await open({ folder });
  expect(await peakOf(second, runnerId)).toBe(300n);
  await second.runners.heartbeat({ runnerId, resourceUsage: { memoryMb: 200n } });
  expect(await peakOf(second, runnerId)).toBe(300n);
  await second.runners.heartbeat({ runnerId, resourceUsage: { memoryMb: 400n } });
  await second.runners.heartbeat({ runnerId, ended: true });
  expect(await peakOf(second, runnerId)).toBe(400n);
  await second.server.close({ graceMs: 0 });
  const third = await open({ folder });
  expect(await peakOf(third, runnerId)).toBe(400n);
});
