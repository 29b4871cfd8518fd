import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createClient, type StratavoreClient } from "@stratavore/client/node";
import { expect, onTestFinished, vi } from "vitest";

const program = fileURLToPath(new URL("../../bin/stratavore.js", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** A user of their own: a home, a project directory, and the command as that user runs it. */
export class World {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), "sv-cli-")));
  readonly dataDir = join(this.dir, "data", "stratavore");
  readonly project = join(this.dir, "my-project");
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    mkdirSync(this.project);
    const { PATH, LANG, TMPDIR } = process.env;
    this.env = {
      ...{ PATH, LANG, TMPDIR, HOME: this.dir, STRATAVORE_TESTKIT_DELAY_MS: "1" },
      ...{ XDG_DATA_HOME: join(this.dir, "data"), XDG_STATE_HOME: join(this.dir, "state") },
      ...{ XDG_RUNTIME_DIR: this.dir },
    };
  }

  /** Starts the command; the caller reads its streams. */
  spawn(args: readonly string[], { cwd = this.project, env = {} }: RunOptions = {}): ChildProcess {
    return spawn(process.execPath, [program, ...args], { cwd, env: { ...this.env, ...env }, stdio: "pipe" });
  }

  /** Runs the command to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const child = this.spawn(args, options);
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
    const exit = once(child, "exit");
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
    const [code] = await exit;
    return { code, stdout, stderr };
  }

  /** Runs the command, which must end with 0, and gives what it printed. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout.trimEnd();
  }

  /** The same with `--json`: one value. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(args[0]!, "--json", ...args.slice(1))) as T;
  }

  /** Starts a daemon on a free port. */
  startDaemon(...options: string[]): Promise<string> {
    return this.ok("daemon", "start", "--listen", "127.0.0.1:0", ...options);
  }

  client(): StratavoreClient {
    return createClient({ dataDir: this.dataDir });
  }

  /** Ends all that was started here; fails if something cannot be ended in order. */
  async close(): Promise<void> {
    const live = await this.run(["runners", "--json"]);
    if (live.code === 0) {
      const { runners } = JSON.parse(live.stdout) as { runners: { id: string }[] };
      if (runners.length > 0) await this.ok("stop", "--force", ...runners.map(({ id }) => id));
    }
    await this.ok("daemon", "stop");
    await vi.waitFor(() => expect(this.processes()).toEqual([]), { timeout: 30_000, interval: 50 });
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Command lines of the processes of this world, found by its directory in their environment. */
  processes(): string[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    return pids.flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.dir)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`];
      } catch {
        return [];
      }
    });
  }
}

/** A world for one test. */
export function testWorld(): World {
  const world = new World();
  onTestFinished(() => world.close());
  return world;
}

/** The values of a stream of JSON lines. */
export const jsonLines = (output: string): Record<string, unknown>[] =>
  output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
