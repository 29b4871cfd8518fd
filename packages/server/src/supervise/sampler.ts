import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ResourceUsage, ResourceUsageSchema } from "@stratavore/proto";
import { isLive } from "../domain/lifecycle.js";
import type { RunnerFacts } from "../domain/views/runner.js";
import type { RunnerRow, Store } from "../store/index.js";
import type { Figures } from "./quotas/measured.js";
import type { RunnerController } from "./runner/controller.js";

/** How often the time they were seen is written: what a crash can lose. */
const writeMs = 30_000;
const bytesPerMiB = 1024 * 1024;

interface Sample {
  /** A restart makes another one. */
  controller: RunnerController;
  at: number;
  cpuSeconds: number;
  usage: ResourceUsage;
}

export interface SamplerOptions {
  /** Time between two samples. */
  intervalMs: number;
  /** Called for each runner that was measured. */
  seen: (runner: RunnerRow, usage: ResourceUsage) => void;
  /** Called with each round of samples; the next one waits for it. */
  sampled: (figures: readonly Figures[]) => Promise<void>;
}

/** Measures the process trees of live runners. */
export class UsageSampler {
  readonly #samples = new Map<string, Sample>();
  readonly #timer: NodeJS.Timeout;
  #lastWrite = Date.now();
  readonly #seen: SamplerOptions["seen"];
  readonly #sampled: SamplerOptions["sampled"];
  #running: Promise<void> | undefined;

  constructor(
    readonly store: Store,
    readonly controllers: () => Iterable<RunnerController>,
    options: SamplerOptions,
  ) {
    this.#seen = options.seen;
    this.#sampled = options.sampled;
    this.#timer = setInterval(() => {
      this.#running ??= this.#sampleAll().finally(() => {
        this.#running = undefined;
      });
    }, options.intervalMs).unref();
  }

  /** What is known of a runner's process now. */
  facts(controller: RunnerController | undefined): RunnerFacts {
    if (controller === undefined) return {};
    const sample = this.#sampleOf(controller);
    return { pid: controller.pid, resourceUsage: sample?.usage, ...(sample && { lastSeen: sample.at }) };
  }

  #sampleOf(controller: RunnerController): Sample | undefined {
    const sample = this.#samples.get(controller.runnerId);
    return sample?.controller === controller ? sample : undefined;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sampleAll(): Promise<void> {
    const seen = new Set<string>();
    const figures: Figures[] = [];
    for (const controller of this.controllers()) {
      // It may end between two looks; its controller says so.
      const figure = await this.#sample(controller).catch(() => undefined);
      if (figure !== undefined) figures.push(figure);
      seen.add(controller.runnerId);
    }
    for (const id of this.#samples.keys()) if (!seen.has(id)) this.#samples.delete(id);
    await this.#writePeaks(figures);
    await this.#sampled(figures);
    if (Date.now() - this.#lastWrite < writeMs || seen.size === 0) return;
    this.#lastWrite = Date.now();
    const times = [...this.#samples].map(([id, { at }]) => [id, at] as const);
    await this.store
      .transaction((tx) => {
        for (const [id, at] of times) tx.runners.heartbeat(id, at);
      })
      // The next round writes newer times.
      .catch(() => {});
  }

  /** The next round tries again what cannot be stored, with what is measured then. */
  async #writePeaks(figures: readonly Figures[]): Promise<void> {
    const { store } = this;
    const isMore = ({ controller, memoryMb }: Figures) =>
      (store.read.runners.byId(controller.runnerId)?.peakMemoryMb ?? 0n) < memoryMb;
    try {
      const grown = figures.filter(isMore);
      if (grown.length === 0) return;
      await store.transaction((tx) => {
        // What was restarted meanwhile has a peak of its own.
        const followed = new Set(this.controllers());
        for (const { controller, memoryMb } of grown) {
          if (followed.has(controller)) tx.runners.measured(controller.runnerId, memoryMb);
        }
      });
    } catch {}
  }

  async #sample(controller: RunnerController): Promise<Figures> {
    const { runnerId, process } = controller;
    const { cpuSeconds, memoryBytes } = await process.sample();
    const at = Date.now();
    const before = this.#sampleOf(controller);
    const elapsed = before === undefined ? 0 : (at - before.at) / 1000;
    const cpuPercent = elapsed > 0 ? (100 * (cpuSeconds - before!.cpuSeconds)) / elapsed : 0;
    const memoryMb = BigInt(Math.round(memoryBytes / bytesPerMiB));
    const runner = this.store.read.runners.byId(runnerId);
    const tokensUsed = runner?.tokensUsed ?? 0n;
    const lastUpdated = timestampFromMs(at);
    const usage = create(ResourceUsageSchema, { cpuPercent, memoryMb, tokensUsed, lastUpdated });
    this.#samples.set(runnerId, { controller, at, cpuSeconds, usage });
    if (runner !== undefined && isLive(runner.status)) this.#seen(runner, usage);
    return { controller, memoryMb: Number(memoryMb), cpuPercent };
  }
}
