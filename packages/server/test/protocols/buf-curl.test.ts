import { expect, test } from "vitest";
import { open, reached } from "../rpc/fixture/stratavore.js";
import { bufCurl, nameOf, type Way, writeImports } from "./fixture/buf-curl.js";

writeImports();

const ways: Way[] = [
  { protocol: "grpc", http2: true, reflection: true },
  { protocol: "grpc", http2: true, reflection: false },
  { protocol: "grpcweb", http2: true, reflection: true },
  { protocol: "grpcweb", http2: false, reflection: false },
  { protocol: "connect", http2: true, reflection: true },
  { protocol: "connect", http2: false, reflection: false },
];

test.each(ways.map((way) => [nameOf(way), way] as const))("buf curl: %s", async (_, way) => {
  const opened = await open({ defaultAgent: "demo" });
  const there = await reached(opened);
  const curl = bufCurl(there, way);
  const { project } = await curl.call("ProjectService/CreateProject", { name: "web", path: opened.folder });
  expect(project).toMatchObject({ name: "web", status: "PROJECT_STATUS_IDLE" });

  const { runner } = await curl.call("RunnerService/CreateRunner", { projectName: "web" });
  expect(runner).toMatchObject({ status: "RUNNER_STATUS_STARTING", agent: "demo" });
  const events = await curl.until(
    "RunnerService/StreamRunnerEvents",
    { runnerId: runner.id, fromStart: true },
    ({ eventType }) => eventType === "EVENT_TYPE_RUNNER_STARTED",
  );
  expect(events.map(({ eventType }) => eventType)).toEqual([
    "EVENT_TYPE_RUNNER_CREATED",
    "EVENT_TYPE_RUNNER_STARTED",
  ]);
  expect(events[1].payload).toMatchObject({
    "@type": "type.googleapis.com/stratavore.v1.RunnerStarted",
    agent: "demo",
  });

  const { session } = await curl.call("SessionService/CreateSession", { runnerId: runner.id });
  const text = "!chunks 3";
  const { turn, cursor } = await curl.call("SessionService/SendMessage", { sessionId: session.id, text });
  const steps = await curl.until(
    "SessionService/StreamSession",
    { sessionId: session.id, cursor, untilTurnId: turn.id },
    (step) => step.turn?.state === "TURN_STATE_COMPLETED",
  );
  const deltas = steps.flatMap(({ delta }) => delta?.appendText ?? []);
  expect(deltas.join("").trim().split("\n")).toEqual(["chunk 1", "chunk 2", "chunk 3"]);
  const { messages, rendered } = await curl.call("SessionService/GetSessionTranscript", {
    sessionId: session.id,
    format: "TRANSCRIPT_FORMAT_TEXT",
  });
  expect(messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant"]);
  expect(rendered).toContain("chunk 3");

  await expect(curl.call("RunnerService/GetRunner", { runnerId: "runner_x" })).rejects.toThrow("not_found");
  const stranger = bufCurl({ ...there, token: "" }, { ...way, reflection: false });
  await expect(stranger.call("ProjectService/ListProjects", {})).rejects.toThrow("unauthenticated");
});
