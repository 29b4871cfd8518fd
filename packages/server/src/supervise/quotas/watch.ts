import { QuotaAction, RunnerStatus } from "@stratavore/proto";
import type { Breach } from "../../domain/quota-breach.js";
import { actionFor } from "../../domain/quota-policy.js";
import { tokenBreach } from "../../domain/token-quota.js";
import { quotaOf } from "../../domain/views/quota.js";
import type { ProjectRow, RunnerRow, Store } from "../../store/index.js";
import type { Log } from "../log.js";
import { act } from "./act.js";
import { dueFor } from "./due.js";
import { LimitState } from "./limit-state.js";
import type { Figures, Measured } from "./measured.js";

type Owner = Breach["owner"];

/** What is measured, and how many samples in a row make it a breach. */
const sampled = [
  {
    quota: "max_memory_mb",
    samples: 1,
    limitOf: (row: ProjectRow | RunnerRow) => Number(quotaOf(row.quota)?.maxMemoryMb ?? 0n),
    useOf: ({ memoryMb }: Measured) => memoryMb,
  },
  {
    quota: "max_cpu_percent",
    samples: 3,
    limitOf: (row: ProjectRow | RunnerRow) => quotaOf(row.quota)?.maxCpuPercent ?? 0,
    useOf: ({ cpuPercent }: Measured) => cpuPercent,
  },
] as const;

type Sampled = (typeof sampled)[number];

/** Compares what live runners use with their limits, and does what the policy says about those that exceed them. */
export class QuotaWatch {
  #states = new Map<string, LimitState>();
  /** Those that are still compared; the others' states go with them. */
  #seen = new Map<string, LimitState>();
  readonly #stopped = new WeakSet<Figures["controller"]>();
  /** Projects that could not be looked at, each of which is said once. */
  readonly #failing = new Set<string>();

  constructor(
    readonly store: Store,
    readonly log: Log,
  ) {}

  /** To be called with each round of samples. Never rejects. */
  async check(figures: readonly Figures[]): Promise<void> {
    this.#seen = new Map();
    try {
      const measured = figures.flatMap((figure) => {
        const runner = this.store.read.runners.byId(figure.controller.runnerId);
        return runner === undefined ? [] : [{ ...figure, runner }];
      });
      const projects = Map.groupBy(measured, ({ runner }) => runner.projectUid);
      for (const [uid, runners] of projects) await this.#project(uid, runners);
      this.#states = this.#seen;
    } catch (error) {
      this.log.warn({ error }, "what runners use could not be compared with their limits");
    }
  }

  /** A project whose record cannot be read does not keep the others from being looked at. */
  async #project(uid: string, runners: readonly Measured[]): Promise<void> {
    try {
      const project = this.store.read.projects.byUid(uid);
      if (project === undefined) return;
      for (const what of sampled) await this.#compare(project, runners, what);
      await this.#compareTokens(project, runners);
      this.#failing.delete(uid);
    } catch (error) {
      if (this.#failing.has(uid)) return;
      this.#failing.add(uid);
      this.log.error({ project: uid, error }, "the limits of a project cannot be enforced");
    }
  }

  async #compare(project: ProjectRow, runners: readonly Measured[], what: Sampled): Promise<void> {
    for (const each of runners) {
      await this.#limit(project, { runner: each.runner.id }, what.limitOf(each.runner), [each], what);
    }
    await this.#limit(project, { project: project.name }, what.limitOf(project), runners, what);
  }

  async #limit(
    project: ProjectRow,
    owner: Owner,
    limit: number,
    runners: readonly Measured[],
    { quota, samples, useOf }: Sampled,
  ): Promise<void> {
    if (limit === 0) return;
    const state = this.#state(`${quota} ${keyOf(owner, project)}`, samples);
    const action = actionFor(project, quota);
    const staying = runners.filter((each) => !this.#isLeaving(each));
    const value = staying.reduce((sum, each) => sum + useOf(each), 0);
    if (!state.observe(value, limit, action)) return;
    // A warning is about the whole, and once is enough.
    if (action === QuotaAction.WARN && state.isActedOn) return;
    const breach = { quota, limit, value, owner };
    const byUse = staying.toSorted((one, other) => useOf(other) - useOf(one));
    for (const each of byUse) if (await this.#act(each, breach, action, state)) return;
  }

  async #compareTokens(project: ProjectRow, runners: readonly Measured[]): Promise<void> {
    const quota = "max_tokens_per_day";
    const action = actionFor(project, quota);
    if (action === QuotaAction.UNSPECIFIED || action === QuotaAction.WARN) return;
    const now = Date.now();
    for (const each of runners) {
      if (this.#isLeaving(each) || !each.controller.adapter.opensSessions) continue;
      const breach = tokenBreach(this.store.read, project, now, each.runner);
      if (breach === undefined) continue;
      const state = this.#state(`${quota} ${each.runner.id}`, 1);
      // With its last token a limit is used up, before it is exceeded.
      state.observe(breach.limit + 1, breach.limit, action);
      await this.#act(each, breach, action, state);
    }
  }

  /** True if something was done. */
  async #act(each: Measured, breach: Breach, action: QuotaAction, state: LimitState): Promise<boolean> {
    const { controller, runner } = each;
    const due = dueFor(this.store.read, action, breach.quota, state, each);
    if (due === undefined) return false;
    try {
      if (!(await act(controller, breach, action))) return false;
    } catch (error) {
      // The next round tries again.
      this.log.warn({ runner: runner.id, quota: breach.quota, error }, "a quota could not be enforced");
      return false;
    }
    state.acted(controller, due);
    if (action === QuotaAction.STOP) this.#stopped.add(controller);
    return true;
  }

  #isLeaving({ controller, runner }: Measured): boolean {
    return runner.status === RunnerStatus.STOPPING || this.#stopped.has(controller);
  }

  #state(key: string, samples: number): LimitState {
    const state = this.#states.get(key) ?? new LimitState(samples);
    this.#seen.set(key, state);
    return state;
  }
}

const keyOf = (owner: Owner, { uid }: ProjectRow): string => ("runner" in owner ? owner.runner : uid);
