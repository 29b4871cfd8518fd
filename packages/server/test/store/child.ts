import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const here = (name: string) => fileURLToPath(new URL(`children/${name}`, import.meta.url));

/** A process that has the store of a directory open, and the lines it has said. */
export class StoreChild {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  #rest = "";

  constructor(dir: string, mode: "write" | "hold") {
    const args = ["--import", here("hooks.mjs"), here("writer.ts"), dir, mode];
    this.process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.#rest + text).split("\n");
      this.#rest = parts.pop() ?? "";
      this.lines.push(...parts);
    });
    onTestFinished(async () => this.kill());
  }

  /** Kills it without warning; resolves when it is gone and all it said has been read. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "close");
    this.process.kill("SIGKILL");
    await gone;
  }
}
