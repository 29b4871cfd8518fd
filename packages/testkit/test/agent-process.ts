import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  type ClientConnection,
  type ClientContext,
  client,
  ndJsonStream,
  type PromptResponse,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { Usage } from "@agentclientprotocol/sdk/unstable";
import { onTestFinished } from "vitest";
import { type AgentEnvironmentOptions, agentEnvironment } from "../src/program.js";

/** The built program. */
export const programPath = fileURLToPath(new URL("../dist/agent.js", import.meta.url));

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "testkit-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The program as a child process with what it wrote; killed after the test. */
export class AgentProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = Buffer.alloc(0);
  stderr = "";

  constructor(options: AgentEnvironmentOptions & { env?: Record<string, string> } = {}) {
    const { env, ...rest } = options;
    const settings = agentEnvironment({ dir: temporaryFolder(), delayMs: 0, ...rest });
    this.child = spawn(process.execPath, [programPath], { env: { ...process.env, ...settings, ...env } });
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve({ code, signal }));
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    // A program that has ended refuses input; the tests look at how it ended.
    this.child.stdin?.on("error", () => undefined);
    onTestFinished(async () => {
      this.child.kill("SIGKILL");
      await this.ended;
    });
  }

  /** Keeps what is written on standard output, for tests that read raw bytes. */
  readRaw(): this {
    this.child.stdout?.on("data", (bytes: Buffer) => {
      this.stdout = Buffer.concat([this.stdout, bytes]);
    });
    return this;
  }

  send(message: object): void {
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  get lines(): string[] {
    return this.stdout.toString().split("\n").slice(0, -1);
  }
}

/** An ACP client on the SDK over a program of its own; it collects the updates. */
export class AcpClient {
  readonly process: AgentProcess;
  readonly connection: ClientConnection;
  readonly updates: SessionUpdate[] = [];
  readonly permissions: RequestPermissionRequest[] = [];
  /** How permission requests are answered. Default: the first option. */
  onPermission: (request: RequestPermissionRequest) => Promise<RequestPermissionResponse> = async (
    request,
  ) => ({
    outcome: { outcome: "selected", optionId: request.options[0]!.optionId },
  });

  constructor(options: AgentEnvironmentOptions & { env?: Record<string, string> } = {}) {
    this.process = new AgentProcess(options);
    const { stdin, stdout } = this.process.child;
    this.connection = client({ name: "test" })
      .onNotification("session/update", ({ params }) => {
        this.updates.push(params.update);
      })
      .onRequest("session/request_permission", ({ params }) => {
        this.permissions.push(params);
        return this.onPermission(params);
      })
      .connect(
        ndJsonStream(
          Writable.toWeb(stdin!) as WritableStream<Uint8Array>,
          Readable.toWeb(stdout!) as ReadableStream<Uint8Array>,
        ),
      );
  }

  get agent(): ClientContext {
    return this.connection.agent;
  }

  initialize() {
    return this.agent.request("initialize", { protocolVersion: 1, clientCapabilities: {} });
  }

  /** Initializes and opens a session in a folder of its own, or the given one. */
  async open(cwd: string = temporaryFolder()): Promise<string> {
    await this.initialize();
    return (await this.agent.request("session/new", { cwd, mcpServers: [] })).sessionId;
  }

  prompt(sessionId: string, ...lines: string[]): Promise<PromptResponse & { usage?: Usage }> {
    const prompt = [{ type: "text" as const, text: lines.join("\n") }];
    return this.agent.request("session/prompt", { sessionId, prompt });
  }

  /** The answer's text so far. */
  get said(): string {
    return textOf(this.updates, "agent_message_chunk");
  }
}

/** The text of all chunks of one kind. */
export function textOf(updates: readonly SessionUpdate[], kind: SessionUpdate["sessionUpdate"]): string {
  return updates
    .map((update) =>
      update.sessionUpdate === kind && "content" in update && isText(update.content)
        ? update.content.text
        : "",
    )
    .join("");
}

function isText(content: unknown): content is { type: "text"; text: string } {
  return (content as { type?: unknown } | null)?.type === "text";
}
