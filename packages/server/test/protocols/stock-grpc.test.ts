import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { converse, open, reached } from "../rpc/fixture/stratavore.js";
import { stockClients } from "./fixture/grpc-js.js";
import { seedProto } from "./fixture/seed-proto.js";

// As the reference names no package, its readers choose one of these.
describe.each(["stratavore", "stratavore.v1", ""])("a stock client of package %o", (packageName) => {
  const proto = seedProto(packageName);

  test("creates a project, a runner and a session, and reads events and the transcript", async () => {
    const opened = await open({ defaultAgent: "demo" });
    const { target, token } = await reached(opened);
    const service = stockClients(proto, packageName, target, token);
    const runners = service("RunnerService");
    const sessions = service("SessionService");
    const path = join(opened.folder, "my-project");
    mkdirSync(path);

    const { project, warnings } = await service("ProjectService").unary("CreateProject", {
      name: "my-project",
      path,
      metadata: { team: "docs" },
    });
    expect(project).toMatchObject({
      name: "my-project",
      status: "PROJECT_STATUS_IDLE",
      metadata: { team: "docs" },
    });
    expect(warnings).toEqual([]);

    const events = runners.stream("StreamRunnerEvents", { project_name: "my-project" });
    const seen: { event_id: string; event_type: string; runner_id: string }[] = [];
    events.on("data", (event) => seen.push(event));
    const ended = new Promise<{ code: number }>((resolve) => events.on("error", resolve as () => void));
    const created = await runners.unary("CreateRunner", { project_name: "my-project", max_tokens: 4096 });
    expect(created.runner).toMatchObject({ status: "RUNNER_STATUS_STARTING", max_tokens: 4096 });
    expect(created.warnings).toEqual([expect.stringContaining("max_tokens")]);
    const { id } = created.runner;
    await expect
      .poll(() => seen.map(({ event_type }) => event_type), { timeout: 20_000 })
      .toContain("EVENT_TYPE_RUNNER_STARTED");
    expect(seen.every(({ event_id, runner_id }) => event_id !== "" && runner_id === id)).toBe(true);
    expect((await runners.unary("GetRunner", { runner_id: id })).runner.status).toBe("RUNNER_STATUS_RUNNING");

    const { session } = await sessions.unary("CreateSession", { runner_id: id });
    expect(session).toMatchObject({
      runner_id: id,
      project_name: "my-project",
      status: "SESSION_STATUS_IDLE",
    });
    await converse(opened, session.id, "!say It works.\n!usage 100 20");
    const transcript = await sessions.unary("GetSessionTranscript", {
      session_id: session.id,
      format: "TRANSCRIPT_FORMAT_JSON",
      include_metadata: true,
    });
    expect(transcript.messages.map(({ role, content }: Record<string, string>) => [role, content])).toEqual([
      ["user", "!say It works.\n!usage 100 20"],
      ["assistant", "It works."],
    ]);
    expect(transcript).toMatchObject({ session_id: session.id, total_tokens: 120 });

    const stopped = await runners.unary("StopRunner", { runner_id: id, timeout_seconds: 5 });
    expect(stopped.runner.status).toBe("RUNNER_STATUS_TERMINATED");
    await expect.poll(() => seen.at(-1)?.event_type, { timeout: 20_000 }).toBe("EVENT_TYPE_RUNNER_STOPPED");
    expect(new Set(seen.map(({ event_id }) => event_id)).size).toBe(seen.length);
    const listed = await runners.unary("ListRunners", { status: "RUNNER_STATUS_TERMINATED" });
    expect(listed).toMatchObject({ total_count: 1, has_more: false, runners: [{ id }] });
    events.cancel();
    expect((await ended).code).toBe(status.CANCELLED);
  });

  test("learns what is wrong by the standard codes", async () => {
    const opened = await open();
    const { target, token } = await reached(opened);
    const own = stockClients(proto, packageName, target, token);
    const projects = own("ProjectService");
    const refused = (call: Promise<unknown>) =>
      call.then(
        () => "OK",
        ({ code }) => status[code],
      );
    expect(await refused(projects.unary("CreateProject", { name: "a/b", path: "/tmp" }))).toBe(
      "INVALID_ARGUMENT",
    );
    expect(await refused(projects.unary("CreateProject", { name: "web", path: opened.folder }))).toBe("OK");
    expect(await refused(projects.unary("CreateProject", { name: "web", path: opened.folder }))).toBe(
      "ALREADY_EXISTS",
    );
    expect(await refused(own("RunnerService").unary("GetRunner", { runner_id: "runner_x" }))).toBe(
      "NOT_FOUND",
    );
    expect(await refused(own("RunnerService").unary("CreateRunner", { project_name: "web" }))).toBe(
      "FAILED_PRECONDITION",
    );
    const missing = await projects.unary("GetProject", {}).catch((error) => error);
    expect(missing.metadata.get("grpc-status-details-bin")).toHaveLength(1);

    const stranger = stockClients(proto, packageName, target, undefined);
    expect(await refused(stranger("ProjectService").unary("ListProjects", {}))).toBe("UNAUTHENTICATED");
    const guess = stockClients(proto, packageName, target, `${token}x`);
    expect(await refused(guess("ProjectService").unary("ListProjects", {}))).toBe("UNAUTHENTICATED");
    const stream = stranger("RunnerService").stream("StreamRunnerEvents", {});
    const error = await new Promise<{ code: number }>((resolve) => {
      stream.on("error", resolve as () => void);
      stream.resume();
    });
    expect(error.code).toBe(status.UNAUTHENTICATED);
  });
});
