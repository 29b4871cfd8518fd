import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentProcess, Driver, Journal, JournalLine, LaunchSpec } from "../../../src/drivers/driver.js";
import { createProcessDriver, type ProcessDriverOptions } from "../../../src/drivers/process/index.js";

/** A driver, a folder, and the end of everything that was started with them. */
export class Workbench {
  readonly root = mkdtempSync(join(tmpdir(), "driver-"));
  readonly driver: Driver;
  readonly #nonces: string[] = [];
  readonly #open: AgentProcess[] = [];

  constructor(options?: ProcessDriverOptions) {
    this.driver = createProcessDriver(options);
  }

  /** A spec that runs `program` with `args`; unless said otherwise without input, in the bench's folder. */
  spec(program: string, args: readonly string[], more: Partial<LaunchSpec> = {}): LaunchSpec {
    const nonce = `test-${randomBytes(8).toString("hex")}`;
    this.#nonces.push(nonce);
    return {
      dir: join(this.root, nonce),
      nonce,
      program,
      args,
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
      cwd: this.root,
      input: false,
      ...more,
    };
  }

  async start(
    program: string,
    args: readonly string[],
    more: Partial<LaunchSpec> = {},
  ): Promise<AgentProcess> {
    return this.hold(await this.driver.start(this.spec(program, args, more)));
  }

  sh(script: string, more: Partial<LaunchSpec> = {}): Promise<AgentProcess> {
    return this.start("/bin/sh", ["-c", script], more);
  }

  node(script: string, more: Partial<LaunchSpec> = {}): Promise<AgentProcess> {
    return this.start(process.execPath, ["-e", script], more);
  }

  hold(agent: AgentProcess): AgentProcess {
    this.#open.push(agent);
    return agent;
  }

  async clear(): Promise<void> {
    for (const agent of this.#open) {
      await agent.stop({ force: true, graceMs: 0 });
      await agent.detach();
    }
    for (const nonce of this.#nonces) await this.driver.sweep(nonce);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export async function until<T>(look: () => T | Promise<T>, ms = 10_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms in vain for: ${look}`);
    await delay(5);
  }
}

/** All lines of a journal, until the agent has ended. */
export async function allLines(journal: Journal, from = 0): Promise<JournalLine[]> {
  const found: JournalLine[] = [];
  for await (const batch of journal.lines(from)) found.push(...batch.lines);
  return found;
}

export async function allText(journal: Journal): Promise<string> {
  return (await allLines(journal)).map((line) => line.text).join("\n");
}

/** The first lines of a journal, as soon as they are there. */
export async function firstLines(journal: Journal, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of journal.lines(0, { signal: AbortSignal.timeout(10_000) })) {
    found.push(...batch.lines.map((line) => line.text));
    if (found.length >= count) return found.slice(0, count);
  }
  throw new Error(`Only ${found.length} lines came: ${found}`);
}

export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** The process that keeps the agent's input open. */
export async function holderOf(agent: AgentProcess): Promise<number> {
  const path = join(agent.handle.dir, "holder");
  return await until(() => (existsSync(path) ? Number(readFileSync(path, "latin1")) : null));
}

/** How many descriptors of this process point below a folder. */
export function openFilesBelow(folder: string): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((path) => path.startsWith(folder)).length;
}
