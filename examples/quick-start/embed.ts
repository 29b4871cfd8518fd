import { createServer } from "node:http";
import { createClient, EventType } from "@stratavore/client";
import { createStratavore } from "@stratavore/server";

const stratavore = await createStratavore({ dataDir: "./agents", defaultAgent: "demo" });
const web = createServer(stratavore.handler).listen(Number(process.env.PORT ?? 8080)); // Connect and gRPC-web

const client = createClient({ transport: stratavore.transport }); // the same API, without a network
await client.projects.ensure({ name: "my-app", path: process.cwd() });
const runner = await client.runners.create({ projectName: "my-app", spec: { prompt: "What is here?" } });
const eventTypes = [EventType.RUNNER_STARTED, EventType.TURN_STARTED, EventType.TURN_COMPLETED];
for await (const event of client.runners.events({ runnerId: runner.id, eventTypes, fromStart: true })) {
  console.log(event.eventId, EventType[event.eventType]);
  if (event.eventType === EventType.TURN_COMPLETED) break;
}
await client.runners.stop({ runnerId: runner.id });
web.close();
await stratavore.close();
