import { status } from "@grpc/grpc-js";
import { beforeEach, describe, expect, test } from "vitest";
import { converse, type Opened, open, project, reached } from "../rpc/fixture/stratavore.js";
import { type StockClient, stockClients } from "./fixture/grpc-js.js";
import { seedProto } from "./fixture/seed-proto.js";

interface Message {
  timestamp: { seconds: string };
  role: string;
  content: string;
}

// The Go examples of docs/grpc-api-reference.md, call for call. What a Go program prints is what is compared here.
describe("the examples of the API reference", () => {
  let opened: Opened;
  let service: (name: string) => StockClient;

  beforeEach(async () => {
    opened = await open({ defaultAgent: "demo" });
    await project(opened, "my-project");
    const { target, token } = await reached(opened);
    service = stockClients(seedProto("stratavore.v1"), "stratavore.v1", target, token);
  });

  const createRunner = () =>
    service("RunnerService").unary("CreateRunner", {
      project_name: "my-project",
      model: "claude-3-sonnet",
      temperature: 0.7,
      max_tokens: 4096,
      metadata: { environment: "development", user: "john.doe" },
    });

  test("Created runner: …", async () => {
    const { runner, warnings } = await createRunner();
    expect(`Created runner: ${runner.id}`).toMatch(/^Created runner: runner_[0-9a-z]{26}$/);
    expect(runner).toMatchObject({
      model: "claude-3-sonnet",
      temperature: 0.7,
      max_tokens: 4096,
      metadata: { environment: "development", user: "john.doe" },
    });
    // What the agent cannot honour is said, not dropped.
    expect(warnings.join("\n")).toMatch(/temperature.*\n.*max_tokens/s);
  });

  test("Event: … - …", async () => {
    const stream = service("RunnerService").stream("StreamRunnerEvents", { project_name: "my-project" });
    const printed: string[] = [];
    stream.on("data", (event) => printed.push(`Event: ${event.event_type} - ${event.runner_id}`));
    const ended = new Promise<{ code: number }>((resolve) => stream.on("error", resolve as () => void));
    const { runner } = await createRunner();
    // The reference names three event types; a client made from it shows the number of any other.
    const types = ["4", "EVENT_TYPE_RUNNER_STARTED"];
    await expect.poll(() => printed).toEqual(types.map((type) => `Event: ${type} - ${runner.id}`));
    stream.cancel();
    expect((await ended).code).toBe(status.CANCELLED);
  });

  test("monitorRunners logs what started, stopped and failed, and nothing else", async () => {
    const stream = service("RunnerService").stream("StreamRunnerEvents", {
      project_name: "my-project",
      event_types: ["EVENT_TYPE_RUNNER_STARTED", "EVENT_TYPE_RUNNER_STOPPED", "EVENT_TYPE_RUNNER_FAILED"],
    });
    const words: Record<string, string> = {
      EVENT_TYPE_RUNNER_STARTED: "started",
      EVENT_TYPE_RUNNER_STOPPED: "stopped",
      EVENT_TYPE_RUNNER_FAILED: "failed",
    };
    const logged: string[] = [];
    stream.on("data", (event) => logged.push(`Runner ${words[event.event_type]}: ${event.runner_id}`));
    stream.on("error", () => {});
    const { runner: stopped } = await createRunner();
    await expect.poll(() => logged).toEqual([`Runner started: ${stopped.id}`]);
    await service("RunnerService").unary("StopRunner", { runner_id: stopped.id });
    const { runner: failed } = await createRunner();
    await expect.poll(() => logged).toHaveLength(3);
    await opened.sessions
      .createSession({ runnerId: failed.id })
      .then(({ session }) => opened.sessions.sendMessage({ sessionId: session!.id, text: "!crash 3" }));
    await expect
      .poll(() => logged)
      .toEqual([
        `Runner started: ${stopped.id}`,
        `Runner stopped: ${stopped.id}`,
        `Runner started: ${failed.id}`,
        `Runner failed: ${failed.id}`,
      ]);
    stream.cancel();
  });

  test("streamSessionTranscript prints each message with its time and role", async () => {
    const { runner } = await createRunner();
    const { session } = await service("SessionService").unary("CreateSession", { runner_id: runner.id });
    await converse(opened, session.id, "!say It works.");
    const { messages } = await service("SessionService").unary("GetSessionTranscript", {
      session_id: session.id,
      format: "TRANSCRIPT_FORMAT_JSON",
    });
    const printed = messages.map(({ timestamp, role, content }: Message) => {
      const time = new Date(Number(timestamp.seconds) * 1000).toISOString().slice(0, 19).replace("T", " ");
      return `[${time}] ${role}: ${content}`;
    });
    expect(printed).toEqual([
      expect.stringMatching(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] user: !say It works\.$/),
      expect.stringMatching(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] assistant: It works\.$/),
    ]);
  });
});
