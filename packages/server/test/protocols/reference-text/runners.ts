import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import { openStreams } from "../../rpc/fixture/stratavore.js";
import { type Drive, refused } from "./reader.js";

export const runners: Record<string, Drive> = {
  async CreateRunner(reader) {
    await reader.project();
    const request = {
      project_name: "web",
      model: "claude-3-opus",
      temperature: 0.5,
      max_tokens: 4096,
      metadata: { team: "docs" },
      runtime_id: "mine-1",
      quota: { max_concurrent_runners: 3, max_tokens_per_day: 1000 },
    };
    const { quota, ...kept } = request;
    const { runner, warnings } = await reader.runners.unary("CreateRunner", request);
    expect(runner).toMatchObject({ ...kept, status: "RUNNER_STATUS_STARTING" });
    expect(runner.id).not.toBe("mine-1");
    expect(warnings.join("\n")).toMatch(/max_concurrent_runners/);
    expect(await refused(reader.runners.unary("CreateRunner", request))).toBe("ALREADY_EXISTS");
    await reader.inStatus(runner.id, "RUNNING");
  },

  async GetRunner(reader) {
    const { runnerId, sessionId } = await reader.conversation();
    const get = (more: object) => reader.runners.unary("GetRunner", { runner_id: runnerId, ...more });
    const runner = { id: runnerId, status: "RUNNER_STATUS_RUNNING", project_name: "web" };
    expect(await get({})).toMatchObject({ runner, metrics: null, session: null });
    expect(await get({ include_metrics: true })).toMatchObject({ runner, metrics: {}, session: null });
    expect(await get({ include_session: true })).toMatchObject({
      runner,
      metrics: null,
      session: { id: sessionId, runner_id: runnerId, project_name: "web", token_count: 120 },
    });
    expect(await refused(reader.runners.unary("GetRunner", { runner_id: "none" }))).toBe("NOT_FOUND");
  },

  async ListRunners(reader) {
    await reader.project("web");
    await reader.project("docs");
    const first = await reader.running({ metadata: { team: "a" } });
    const second = await reader.running({ metadata: { team: "b" } });
    const other = await reader.running({ project_name: "docs" });
    await reader.runners.unary("StopRunner", { runner_id: other, force: true });
    const list = async (request: object) => {
      const { runners, ...rest } = await reader.runners.unary("ListRunners", request);
      return { ids: runners.map(({ id }: { id: string }) => id), ...rest };
    };
    const whole = { has_more: false };
    expect(await list({})).toEqual({ ids: [other, second, first], total_count: 3, ...whole });
    expect(await list({ project_name: "web" })).toEqual({ ids: [second, first], total_count: 2, ...whole });
    expect(await list({ status: "RUNNER_STATUS_TERMINATED" })).toMatchObject({ ids: [other] });
    expect(await list({ metadata_filter: { team: "a" } })).toMatchObject({ ids: [first] });
    expect(await list({ limit: 2 })).toEqual({ ids: [other, second], total_count: 3, has_more: true });
    expect(await list({ limit: 2, offset: 2 })).toEqual({ ids: [first], total_count: 3, ...whole });
    const usage = async (request: object) =>
      (await reader.runners.unary("ListRunners", { project_name: "web", ...request })).runners.map(
        ({ resource_usage }: { resource_usage: object | null }) => resource_usage !== null,
      );
    await expect.poll(() => usage({ include_metrics: true })).toEqual([true, true]);
    expect(await usage({})).toEqual([false, false]);
  },

  async UpdateRunner(reader) {
    await reader.project();
    const id = await reader.running({ metadata: { team: "a" }, max_tokens: 100 });
    const update = (more: object) => reader.runners.unary("UpdateRunner", { runner_id: id, ...more });
    expect(await update({ max_tokens: 200, metadata: { team: "b" } })).toEqual({});
    expect(await reader.runner(id)).toMatchObject({ max_tokens: 200, metadata: { team: "b" } });
    expect(await update({ max_tokens: 0, temperature: 1, update_mask: { paths: ["max_tokens"] } })).toEqual(
      {},
    );
    expect(await reader.runner(id)).toMatchObject({ max_tokens: 0, temperature: 0, metadata: { team: "b" } });
    expect(await refused(update({ max_tokens: 300, etag: "stale" }))).toBe("ABORTED");
  },

  async DeleteRunner(reader) {
    await reader.project();
    const id = await reader.running();
    const remove = (more: object) => reader.runners.unary("DeleteRunner", { runner_id: id, ...more });
    expect(await refused(remove({}))).toBe("FAILED_PRECONDITION");
    expect((await reader.runner(id)).status).toBe("RUNNER_STATUS_RUNNING");
    expect(await remove({ force: true })).toEqual({});
    expect(await refused(reader.runner(id))).toBe("NOT_FOUND");
  },

  async StopRunner(reader) {
    await reader.project();
    const [gently, byForce] = [await reader.running(), await reader.running()];
    const stop = (runner_id: string, more: object) =>
      reader.runners.unary("StopRunner", { runner_id, ...more });
    expect(await stop(gently, { timeout_seconds: 20 })).toEqual({});
    expect((await reader.runner(gently)).status).toBe("RUNNER_STATUS_TERMINATED");
    expect(await stop(gently, {})).toEqual({});
    expect(await stop(byForce, { force: true })).toEqual({});
    expect((await reader.runner(byForce)).status).toBe("RUNNER_STATUS_TERMINATED");
  },

  async RestartRunner(reader) {
    const { runnerId, sessionId } = await reader.conversation();
    const restart = (more: object) =>
      reader.runners.unary("RestartRunner", { runner_id: runnerId, timeout_seconds: 20, ...more });
    expect(await restart({ preserve_session: true })).toEqual({});
    await reader.inStatus(runnerId, "RUNNING");
    await expect.poll(async () => (await reader.sessionOf(runnerId))?.id).toBe(sessionId);
    expect(await restart({})).toEqual({});
    await reader.inStatus(runnerId, "RUNNING");
    expect(await reader.sessionOf(runnerId)).toBeNull();
    // Two lives more than the first, of one and the same runner.
    const { runner } = await reader.opened.runners.getRunner({ runnerId });
    expect(runner!.incarnation).toBe(3);
    await reader.runners.unary("StopRunner", { runner_id: runnerId });
    expect(await restart({})).toEqual({});
    await reader.inStatus(runnerId, "RUNNING");
  },

  async StreamRunnerEvents(reader) {
    await reader.project("web");
    await reader.project("docs");
    const seen = {
      all: [] as string[],
      web: [] as string[],
      stopped: [] as string[],
      second: [] as string[],
    };
    const ends: Promise<{ code: number }>[] = [];
    const follow = async (into: string[], request: object) => {
      const stream = reader.runners.stream("StreamRunnerEvents", request);
      ends.push(new Promise((resolve) => stream.on("error", resolve as () => void)));
      stream.on("data", ({ event_id, event_type, runner_id, project_name, timestamp }) => {
        expect(event_id).not.toBe("");
        expect(timestamp).not.toBeNull();
        into.push(`${project_name} ${runner_id} ${event_type}`);
      });
      // It answers nothing before the first event.
      await expect.poll(() => openStreams(reader.opened)).toBe(BigInt(ends.length));
      return () => stream.cancel();
    };
    const stops = [
      await follow(seen.all, {}),
      await follow(seen.web, { project_name: "web" }),
      await follow(seen.stopped, { event_types: ["EVENT_TYPE_RUNNER_STOPPED"] }),
    ];
    const first = await reader.running();
    const second = await reader.running({ project_name: "docs" });
    stops.push(await follow(seen.second, { runner_id: second }));
    for (const runner_id of [first, second]) await reader.runners.unary("StopRunner", { runner_id });
    const lastOf = (id: string, project: string) => `${project} ${id} EVENT_TYPE_RUNNER_STOPPED`;
    await expect.poll(() => seen.all.at(-1)).toBe(lastOf(second, "docs"));
    await expect.poll(() => seen.second).toEqual([lastOf(second, "docs")]);
    await expect.poll(() => seen.stopped).toEqual([lastOf(first, "web"), lastOf(second, "docs")]);
    expect(seen.web).toEqual(seen.all.filter((event) => event.startsWith("web ")));
    for (const [id, project] of [
      [first, "web"],
      [second, "docs"],
    ])
      expect(seen.all).toContain(`${project} ${id} EVENT_TYPE_RUNNER_STARTED`);
    for (const stop of stops) stop();
    expect((await Promise.all(ends)).map(({ code }) => status[code])).toEqual(stops.map(() => "CANCELLED"));
  },
};
