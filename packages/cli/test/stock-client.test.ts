import { expect, test } from "vitest";
import { stockClients } from "../../server/test/protocols/fixture/grpc-js.js";
import { seedProto } from "../../server/test/protocols/fixture/seed-proto.js";
import { testWorld } from "./support/world.js";

interface Status {
  daemonStatus: { addresses: string[] };
}

test("a stock gRPC client and the command share one conversation", async () => {
  const world = testWorld();
  await world.startDaemon("--default-agent", "demo");
  const { daemonStatus } = await world.json<Status>("status");
  const target = daemonStatus.addresses.find((address) => address.startsWith("127.0.0.1:"))!;
  const token = await world.ok("token");
  const service = stockClients(seedProto("stratavore.v1"), "stratavore.v1", target, token);
  const [projects, runners, sessions] = ["ProjectService", "RunnerService", "SessionService"].map(service);

  await projects!.unary("CreateProject", { name: "my-project", path: world.project });
  const { runner } = await runners!.unary("CreateRunner", { project_name: "my-project" });
  const events = runners!.stream("StreamRunnerEvents", { project_name: "my-project", runner_id: runner.id });
  const types: string[] = [];
  events.on("data", ({ event_type }) => types.push(event_type));
  events.on("error", () => {});
  const { session } = await sessions!.unary("CreateSession", { runner_id: runner.id });

  expect(await world.ok("send", session.id, "!say Heard you.")).toContain("Heard you.");

  const transcript = await sessions!.unary("GetSessionTranscript", { session_id: session.id });
  expect(
    transcript.messages.map(({ role, content }: Record<string, string>) => `${role}: ${content}`),
  ).toEqual(["user: !say Heard you.", "assistant: Heard you."]);
  await world.ok("stop", runner.id);
  await expect.poll(() => types.at(-1), { timeout: 20_000 }).toBe("EVENT_TYPE_RUNNER_STOPPED");
  events.cancel();
});
