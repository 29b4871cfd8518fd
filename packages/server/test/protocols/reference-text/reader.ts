import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import { converse, type Opened, open, reached } from "../../rpc/fixture/stratavore.js";
import { type StockClient, stockClients } from "../fixture/grpc-js.js";
import { referenceProto } from "../fixture/reference-text.js";

const packageName = "stratavore.v1";

type Service = "RunnerService" | "ProjectService" | "SessionService" | "DaemonService";

// biome-ignore lint/suspicious/noExplicitAny: messages that are only known when the test runs
type Message = any;

/** Someone who has the reference, a stock client made from it, and nothing else. */
export class Reader {
  /** The RPCs that were called, as `Service.Method`. */
  readonly called = new Set<string>();
  readonly runners = this.#service("RunnerService");
  readonly projects = this.#service("ProjectService");
  readonly sessions = this.#service("SessionService");
  readonly daemon = this.#service("DaemonService");

  private constructor(
    /** What a reader of the reference does not have: for what has to be there before, and to look behind. */
    readonly opened: Opened,
    readonly text: (service: string) => StockClient,
    /** The same, for one who also knows the contract's answers. */
    readonly completed: (service: string) => StockClient,
  ) {}

  static async of(): Promise<Reader> {
    const opened = await open({ defaultAgent: "demo" });
    const { target, token } = await reached(opened);
    const clients = (answers: "empty" | "completed") =>
      stockClients(referenceProto(packageName, answers), packageName, target, token);
    return new Reader(opened, clients("empty"), clients("completed"));
  }

  #service(service: Service): StockClient {
    let client: StockClient | undefined;
    const called = (method: string) => {
      this.called.add(`${service}.${method}`);
      client ??= this.text(service);
      return client;
    };
    return {
      unary: (method, request) => called(method).unary(method, request),
      stream: (method, request) => called(method).stream(method, request),
    };
  }

  folder(name: string): string {
    const path = join(this.opened.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  async project(name = "web", more: object = {}): Promise<string> {
    await this.projects.unary("CreateProject", { name, path: this.folder(name), ...more });
    return name;
  }

  async runner(runnerId: string): Promise<Message> {
    return (await this.runners.unary("GetRunner", { runner_id: runnerId })).runner;
  }

  async inStatus(runnerId: string, wanted: string): Promise<Message> {
    await expect.poll(async () => (await this.runner(runnerId)).status).toBe(`RUNNER_STATUS_${wanted}`);
    return await this.runner(runnerId);
  }

  /** The id of a runner of the project that is RUNNING. */
  async running(request: object = {}): Promise<string> {
    const { runner } = await this.runners.unary("CreateRunner", { project_name: "web", ...request });
    await this.inStatus(runner.id, "RUNNING");
    return runner.id;
  }

  /** The session that a runner has. */
  async sessionOf(runnerId: string): Promise<Message> {
    return (await this.runners.unary("GetRunner", { runner_id: runnerId, include_session: true })).session;
  }

  /** A new project, a runner there, and a session in which something was said. */
  async conversation(): Promise<{ runnerId: string; sessionId: string }> {
    await this.project();
    const runnerId = await this.running();
    await this.sessions.unary("CreateSession", { runner_id: runnerId });
    const { id } = await this.sessionOf(runnerId);
    await converse(this.opened, id, "!say It works.\n!usage 100 20");
    return { runnerId, sessionId: id };
  }
}

/** The name of the status that a call fails with. */
export const refused = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => "OK",
    ({ code }: { code: number }) => status[code],
  );

/** What one RPC of the reference does for its reader. */
export type Drive = (reader: Reader) => Promise<void>;
