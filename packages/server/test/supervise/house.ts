import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import {
  ApprovalService,
  EventType,
  ProjectService,
  type RunnerEvent,
  RunnerService,
  RunnerStatus,
  SessionService,
  type TranscriptMessage,
  type Turn,
  UsageService,
} from "@stratavore/proto";
import { agentEnvironment, agentProgram, type Script } from "@stratavore/testkit";
import { expect, onTestFinished } from "vitest";
import { createProcessDriver } from "../../src/drivers/process/index.js";
import { createStratavore, type Stratavore, type StratavoreOptions } from "../../src/index.js";
import type { Log } from "../../src/supervise/log.js";

export interface LogLine {
  level: keyof Log;
  facts: Record<string, unknown>;
  message: string;
}

/** A server on a data directory of its own, which can be closed and opened again; all of it goes with the test. */
export class House {
  readonly root = mkdtempSync(join(tmpdir(), "supervise-"));
  readonly project = join(this.root, "project");
  readonly dataDir = join(this.root, "data");
  readonly logged: LogLine[] = [];
  server!: Stratavore;
  readonly #options: StratavoreOptions;
  #isOpen = false;

  constructor(options: StratavoreOptions) {
    this.#options = options;
    mkdirSync(this.project);
  }

  async open(options: StratavoreOptions = {}): Promise<void> {
    const at = (level: keyof Log) => (facts: object, message: string) =>
      this.logged.push({ level, facts: facts as Record<string, unknown>, message });
    this.server = await createStratavore({
      dataDir: this.dataDir,
      log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
      ...this.#options,
      ...options,
    });
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.server.close();
  }

  get runners(): Client<typeof RunnerService> {
    return createClient(RunnerService, this.server.transport);
  }

  get sessions(): Client<typeof SessionService> {
    return createClient(SessionService, this.server.transport);
  }

  get projects(): Client<typeof ProjectService> {
    return createClient(ProjectService, this.server.transport);
  }

  get approvals(): Client<typeof ApprovalService> {
    return createClient(ApprovalService, this.server.transport);
  }

  get usage(): Client<typeof UsageService> {
    return createClient(UsageService, this.server.transport);
  }

  /** A runner of an agent, as soon as it is RUNNING. */
  async running(agent: string, spec: Record<string, unknown> = {}): Promise<string> {
    const { runner } = await this.runners.createRunner({ projectName: "p", spec: { agent, ...spec } });
    await this.status(runner!.id, RunnerStatus.RUNNING);
    return runner!.id;
  }

  /** A running runner with a session. */
  async talking(agent: string): Promise<{ runnerId: string; sessionId: string }> {
    const runnerId = await this.running(agent);
    const { session } = await this.sessions.createSession({ runnerId });
    return { runnerId, sessionId: session!.id };
  }

  async runner(runnerId: string) {
    return (await this.runners.getRunner({ runnerId })).runner!;
  }

  /** The runner, once it is in this state. */
  async status(runnerId: string, status: RunnerStatus) {
    await expect
      .poll(async () => {
        const runner = await this.runner(runnerId);
        return `${RunnerStatus[runner.status]} ${runner.status === status ? "" : runner.reason}`.trim();
      })
      .toBe(RunnerStatus[status]);
    return await this.runner(runnerId);
  }

  async session(sessionId: string) {
    return (await this.sessions.getSession({ sessionId })).session!;
  }

  async send(sessionId: string, text: string, more: Record<string, unknown> = {}): Promise<Turn> {
    return (await this.sessions.sendMessage({ sessionId, text, ...more })).turn!;
  }

  /** The turn once it is over. */
  async over(sessionId: string, turnId: string): Promise<Turn> {
    const signal = AbortSignal.timeout(40_000);
    let last: Turn | undefined;
    for await (const { update } of this.sessions.streamSession(
      { sessionId, untilTurnId: turnId, completeMessagesOnly: true },
      { signal },
    )) {
      if (update.case === "turn" && update.value.id === turnId) last = update.value;
    }
    return last!;
  }

  async say(sessionId: string, text: string): Promise<Turn> {
    return await this.over(sessionId, (await this.send(sessionId, text)).id);
  }

  async transcript(sessionId: string): Promise<TranscriptMessage[]> {
    return (await this.sessions.getSessionTranscript({ sessionId })).messages;
  }

  /** What the agent has said in a session: its text parts, joined. */
  async answer(sessionId: string): Promise<string> {
    const messages = await this.transcript(sessionId);
    return messages
      .filter(({ role }) => role === "assistant")
      .flatMap(({ parts }) => parts.map(({ kind }) => (kind.case === "text" ? kind.value : "")))
      .join("");
  }

  /** The events of these types so far. */
  async events(...eventTypes: EventType[]): Promise<RunnerEvent[]> {
    const found: RunnerEvent[] = [];
    const asked = { fromStart: true, bookmarks: true, eventTypes };
    for await (const event of this.runners.streamRunnerEvents(asked)) {
      if (event.eventType === EventType.BOOKMARK) break;
      found.push(event);
    }
    return found;
  }

  /** Pids that carry the mark of this house's runners. */
  async carriers(): Promise<number[]> {
    const owner = ownerOf(this.dataDir);
    const found = await createProcessDriver().carriers();
    return [...found].flatMap(([nonce, pids]) => (nonce.startsWith(`${owner}-`) ? pids : []));
  }

  /** Errors that the server has logged. */
  get errors(): LogLine[] {
    return this.logged.filter(({ level }) => level === "error");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) await this.close();
    await endAllOf(this.dataDir);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What the nonces of a data directory's runners begin with. */
const ownerOf = (dataDir: string) =>
  createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, 12);

/** Ends what the runners of a data directory left, whatever the test made of them. */
async function endAllOf(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  const owner = ownerOf(dataDir);
  const driver = createProcessDriver();
  for (const nonce of (await driver.carriers()).keys()) {
    if (nonce.startsWith(`${owner}-`)) await driver.sweep(nonce);
  }
}

/** An agent of the testkit that follows a script. */
export function scripted(
  house: { root: string },
  name: string,
  script: Script = {},
  env: Record<string, string> = {},
) {
  return {
    name,
    title: name,
    protocol: "acp" as const,
    command: [agentProgram.command, ...agentProgram.args],
    environment: { ...agentEnvironment({ script, dir: join(house.root, "sessions"), delayMs: 0 }), ...env },
  };
}

/** An agent that answers each message by this source of a function `(message, say, exit) => void`, in a process of its own. */
export function strange(name: string, source: string) {
  const program = `
    const say = (value) => process.stdout.write((typeof value === "string" ? value : JSON.stringify({ jsonrpc: "2.0", ...value })) + "\\n");
    const answer = ${source};
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      if (line !== "") answer(JSON.parse(line), say);
    }).on("close", () => process.exit());`;
  return { name, title: name, protocol: "acp" as const, command: [process.execPath, "-e", program] };
}

/** An open house with a project `p` and these agents beside `plain`, which follows no script. */
export async function openHouse(
  scripts: Record<string, Script> = {},
  options: StratavoreOptions = {},
): Promise<House> {
  const agents = [...(options.agents ?? [])];
  const house = new House({ ...options, agents });
  for (const [name, script] of Object.entries({ plain: {}, ...scripts })) {
    agents.push(scripted(house, name, script));
  }
  onTestFinished(() => house[Symbol.asyncDispose]());
  await house.open();
  await house.projects.createProject({ name: "p", path: house.project });
  return house;
}

export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}
