import { Code } from "@connectrpc/connect";
import { LogLevel, type StreamLogsResponse } from "@stratavore/proto";
import { createStratavore } from "@stratavore/server";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory, testClient } from "../fixtures/cleanup.js";

async function served() {
  const dataDir = await temporaryDirectory();
  const server = await createStratavore({ dataDir });
  onTestFinished(() => server.close({ graceMs: 0 }));
  const { addresses } = await server.listen(["127.0.0.1:0"]);
  return { server, address: addresses[0]!, client: testClient({ dataDir, address: addresses[0]! }) };
}

async function allOf(stream: AsyncIterable<StreamLogsResponse>): Promise<StreamLogsResponse[]> {
  const lines: StreamLogsResponse[] = [];
  for await (const line of stream) lines.push(line);
  return lines;
}

test("the log is read to its end, from the severity asked for", async () => {
  const { client, address } = await served();
  await expect(client.projects.get({ name: "nowhere" })).rejects.toMatchObject({ code: Code.NotFound });
  const lines = await allOf(client.daemon.logs());
  expect(lines).toMatchObject([{ message: "listening", fields: { address } }]);
  const all = await allOf(client.daemon.logs({ level: LogLevel.DEBUG }));
  expect(all).toContainEqual(
    expect.objectContaining({ level: LogLevel.DEBUG, message: "a call was refused" }),
  );
});

test("a log that is followed goes on, and ends with the daemon: it cannot be taken up where it was", async () => {
  const { client, server } = await served();
  const lines = client.daemon.logs({ level: LogLevel.DEBUG, follow: true });
  expect((await lines.next()).value).toMatchObject({ message: "listening" });
  const name = "nowhere-to-be-found";
  await client.projects.get({ name }).catch(() => {});
  for await (const { fields } of lines) if (fields.error?.includes(name)) break;
  const rest = client.daemon.logs({ follow: true });
  await rest.next();
  const ended = expect(rest.next()).rejects.toMatchObject({ code: Code.Unavailable });
  await server.close();
  await ended;
});
