import { once } from "node:events";
import { createInterface } from "node:readline";
import { TurnState } from "@stratavore/client/node";
import { expect, test } from "vitest";
import { jsonLines, testWorld } from "./support/world.js";

const count = 200;
const chunks = Array.from({ length: count }, (_, index) => `chunk ${index + 1}\n`).join("");

interface Event {
  eventId: string;
  eventType: string;
}

test("kill -9 of the daemon while an agent streams loses no agent, no output and no event", async () => {
  const world = testWorld();
  await world.startDaemon();
  const client = world.client();
  const { pid: daemonPid } = await world.json<{ pid: number }>("daemon", "status");

  const running = world.spawn(["run", "--agent", "demo", `!chunks ${count} 20`]);
  const ended = once(running, "exit");
  let shown = "";
  for await (const line of createInterface({ input: running.stdout! })) {
    shown += `${line}\n`;
    if (line === "chunk 20") break;
  }
  running.stdout!.on("data", (chunk: Buffer) => {
    shown += chunk;
  });
  const [runner] = (await client.runners.list()).runners;
  const seen = jsonLines(await world.ok("events", "--json", "--no-follow", "--from-start", "--type", "all"));
  const lastId = seen.at(-1)!.eventId as string;
  expect(runner!.pid).toBeGreaterThan(0);

  process.kill(daemonPid, "SIGKILL");
  await expect.poll(() => world.run(["status"]).then(({ code }) => code)).toBe(3);
  // The agent goes on alone.
  process.kill(runner!.pid, 0);
  await world.startDaemon();

  const adopted = await client.runners.get({ runnerId: runner!.id });
  expect(adopted).toMatchObject({ pid: runner!.pid, incarnation: 1 });
  const stream = client.sessions.stream({ sessionId: runner!.sessionId, fromStart: true });
  for await (const { update } of stream) {
    if (update.case === "turn" && update.value.state >= TurnState.COMPLETED) break;
  }
  const { messages } = await client.sessions.transcript({ sessionId: runner!.sessionId });
  const said = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  expect(said.join("")).toBe(chunks);

  // The command that followed all along lost its connection twice and shows each chunk once, too.
  expect(await ended).toEqual([0, null]);
  expect(shown).toMatch(new RegExp(`^${chunks}Tokens: `));

  const rest = ["events", "--json", "--no-follow", "--after", lastId, "--type", "all"];
  const resumed = jsonLines(await world.ok(...rest)) as unknown as Event[];
  const seqs = [...seen.map(({ eventId }) => String(eventId)), ...resumed.map(({ eventId }) => eventId)];
  expect(seqs.map((id) => Number(id.split("-")[1]))).toEqual(seqs.map((_, index) => index + 1));
  expect(resumed.map(({ eventType }) => eventType)).toEqual([
    "EVENT_TYPE_RUNNER_ADOPTED",
    "EVENT_TYPE_TURN_COMPLETED",
  ]);
  await client.close();
});
