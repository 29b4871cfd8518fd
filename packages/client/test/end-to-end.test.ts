import type { ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeEvent, EventType, type Reconnect, RunnerStatus } from "../src/node/index.js";
import { temporaryDirectory, testClient } from "./fixtures/cleanup.js";
import { daemon, kill } from "./fixtures/daemon.js";

const lines = 60;
/** Goes on printing while the daemon is away, and does not end before it is told to, or after 20 s. */
const script = `
  i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i; sleep 0.02; done
  n=0; while [ ! -e go ] && [ $n -lt 400 ]; do n=$((n+1)); sleep 0.05; done
  while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; done`;

test.each([
  ["its unix socket", (directory: string) => ["127.0.0.1:0", `unix:${directory}/api.sock`]],
  ["its port and credential", () => ["127.0.0.1:0"]],
])(
  "by %s: a conversation and its events have no gap over a daemon that is killed and comes back",
  async (_, addresses) => {
    const directory = await temporaryDirectory();
    const first = await daemon(directory, addresses(directory));
    const client = testClient({ dataDir: directory });
    await client.projects.create({ name: "p", path: directory });
    const reconnects: Reconnect[] = [];
    const options = {
      reconnect: { maxDelayMs: 200 },
      onReconnect: (reconnect: Reconnect) => reconnects.push(reconnect),
    };
    const events = client.runners.events({ fromStart: true }, options);
    const runner = await client.runners.create({
      projectName: "p",
      spec: { agent: "exec", args: ["sh", "-c", script] },
    });
    await client.runners.wait({ runnerId: runner.id, statuses: [RunnerStatus.RUNNING] });
    const { sessions } = await client.sessions.list({ runnerId: runner.id });
    const stream = client.sessions.stream({ sessionId: sessions[0]!.id, fromStart: true }, options);
    let text = "";
    let second: ChildProcess | undefined;
    for await (const { update } of stream) {
      if (update.case === "delta" && update.value.change.case === "appendText") {
        text += update.value.change.value;
      } else if (update.case === "message") {
        // Whole, it says what its pieces said.
        expect(update.value.content.startsWith(text)).toBe(true);
        text = update.value.content;
      }
      if (second === undefined && text.includes("line 5\n")) {
        await kill(first);
        second = await daemon(directory, addresses(directory));
        await writeFile(join(directory, "go"), "");
      }
    }
    expect(text.trim().split("\n")).toEqual(Array.from({ length: lines }, (_, index) => `line ${index + 1}`));
    expect(reconnects.length).toBeGreaterThan(0);

    const seen: string[] = [];
    for await (const event of events) {
      seen.push(decodeEvent(event).type);
      if (event.eventType === EventType.RUNNER_STOPPED) break;
    }
    expect(seen).toEqual(["runnerCreated", "runnerStarted", "runnerAdopted", "runnerStopped"]);
  },
  30_000,
);
