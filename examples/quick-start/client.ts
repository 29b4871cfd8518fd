import { createClient } from "@stratavore/client/node";

const client = createClient(); // finds the local daemon and its credential
await client.projects.ensure({ name: "my-project", path: process.cwd() });
const runner = await client.runners.create({ projectName: "my-project", spec: { agent: "demo" } });
const session = await client.sessions.create({ runnerId: runner.id });

const { turn, cursor } = await client.sessions.send({ sessionId: session.id, text: "What is here?" });
const updates = client.sessions.stream({ sessionId: session.id, cursor, untilTurnId: turn.id });
for await (const { update } of updates) {
  if (update.case === "delta" && update.value.change.case === "appendText") {
    process.stdout.write(update.value.change.value);
  }
}
await client.runners.stop({ runnerId: runner.id });
await client.close();
