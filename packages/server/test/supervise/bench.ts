import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { PartSchema, ResourceQuotaSchema, RunnerSpecSchema, RunnerStatus } from "@stratavore/proto";
import type Database from "better-sqlite3";
import { expect, onTestFinished } from "vitest";
import type { AgentProfile } from "../../src/agents/index.js";
import { createProject, projectByName } from "../../src/domain/projects.js";
import { queueTurn } from "../../src/domain/turns.js";
import { transcriptMessage } from "../../src/domain/views/message.js";
import { createProcessDriver } from "../../src/drivers/process/index.js";
import type { Store } from "../../src/store/index.js";
import { AgentCatalog } from "../../src/supervise/agent-choice.js";
import { planLaunch } from "../../src/supervise/launch.js";
import { dispatchTurn } from "../../src/supervise/runner/dispatch.js";
import { Supervisor, type SupervisorOptions } from "../../src/supervise/supervisor.js";
import { openWithWriter } from "../store/fixtures.js";
import { type LogLine, scripted } from "./house.js";

/** A supervisor over a store whose limits a test can set, without a server around it. */
export class Bench {
  readonly logged: LogLine[] = [];
  readonly store: Store;
  readonly writer: Database.Database;
  readonly supervisor: Supervisor;
  readonly root: string;

  constructor(store: Store, writer: Database.Database, root: string, options: Partial<SupervisorOptions>) {
    this.store = store;
    this.writer = writer;
    this.root = root;
    const at = (level: LogLine["level"]) => (facts: object, message: string) =>
      void this.logged.push({ level, facts: facts as Record<string, unknown>, message });
    this.supervisor = new Supervisor({
      store,
      driver: createProcessDriver(),
      agents: new AgentCatalog([], ""),
      log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
      runnersFolder: join(root, "runners"),
      owner: `bench${process.pid}`,
      startTimeoutMs: 30_000,
      environment: process.env,
      ...options,
    });
  }

  /** A runner of the profile, recorded; its agent is being started. */
  async create(profile: AgentProfile, args: string[] = [], prompt = ""): Promise<string> {
    const project = projectByName(this.store.read, "p");
    const limits = { model: "", maxTokens: 0 };
    const request = { profile, project, args, environment: {}, input: false, ...limits };
    const plan = await planLaunch(request, process.env);
    const { runner } = await this.supervisor.createRunner(
      {
        projectName: "p",
        agent: profile.name,
        model: "",
        temperature: 0,
        maxTokens: 0,
        runtimeId: "",
        quota: create(ResourceQuotaSchema),
        metadata: {},
        spec: create(RunnerSpecSchema, { agent: profile.name, args, prompt }),
        warnings: [],
        createdBy: "test",
      },
      plan,
    );
    return runner!.id;
  }

  runner(id: string) {
    return this.store.read.runners.byId(id)!;
  }

  async status(id: string, status: RunnerStatus) {
    await expect.poll(() => RunnerStatus[this.runner(id).status]).toBe(RunnerStatus[status]);
    return this.runner(id);
  }

  /** The runner's session, once there is one. */
  async sessionOf(id: string): Promise<string> {
    await expect.poll(() => this.runner(id).sessionId).not.toBeNull();
    return this.runner(id).sessionId!;
  }

  async send(runnerId: string, sessionId: string, text: string): Promise<string> {
    const controller = this.supervisor.controller(runnerId)!;
    return await controller.change((tx, memory) => {
      const session = tx.sessions.byId(sessionId)!;
      const part = create(PartSchema, { kind: { case: "text", value: text } });
      const { id } = queueTurn(tx, session, [part], "test");
      return { value: id, out: { lines: [], prompts: dispatchTurn(tx, session, memory) } };
    });
  }

  messages(sessionId: string) {
    return this.store.read.messages
      .page(sessionId, 1n, 10_000)
      .map((row) => transcriptMessage(row, this.store.read.chunks.after(sessionId, row.ordinal, 0)));
  }

  answer(sessionId: string): string {
    return this.messages(sessionId)
      .filter(({ role }) => role === "assistant")
      .flatMap(({ parts }) => parts.map(({ kind }) => (kind.case === "text" ? kind.value : "")))
      .join("");
  }

  plain(): AgentProfile {
    return scripted(this, "plain");
  }

  get errors(): LogLine[] {
    return this.logged.filter(({ level }) => level === "error");
  }
}

export async function openBench(options: Partial<SupervisorOptions> = {}): Promise<Bench> {
  const { store, writer } = await openWithWriter();
  const root = mkdtempSync(join(tmpdir(), "supervise-"));
  mkdirSync(join(root, "project"));
  const bench = new Bench(store, writer, root, options);
  onTestFinished(async () => {
    await bench.supervisor.close();
    for (const { nonce } of store.read.processes.all()) await bench.supervisor.options.driver.sweep(nonce);
    rmSync(root, { recursive: true, force: true });
  });
  await store.transaction((tx) =>
    createProject(tx, { name: "p", description: "", path: join(root, "project"), metadata: {} }),
  );
  return bench;
}
