import { rm } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CreateRunnerResponse, CreateRunnerResponseSchema, RunnerStatus } from "@stratavore/proto";
import { failedPrecondition, shuttingDown } from "../domain/errors.js";
import { once, type RepeatableRequest } from "../domain/idempotency.js";
import { isLive, statusName } from "../domain/lifecycle.js";
import { createRunner, type NewRunnerInput, runnerById } from "../domain/runners.js";
import { runnerMessage } from "../domain/views/runner.js";
import type { Driver } from "../drivers/driver.js";
import type { RunnerRow, Store } from "../store/index.js";
import type { AgentCatalog } from "./agent-choice.js";
import { expectContinued } from "./expect-continued.js";
import { ExternalRunners } from "./external/external-runners.js";
import { Heartbeats } from "./heartbeats.js";
import { type LaunchPlan, placeOf } from "./launch.js";
import type { Log } from "./log.js";
import { Restarts } from "./restarts.js";
import type { ControllerContext, RunnerController } from "./runner/controller.js";
import { startAgent } from "./start.js";
import { endRunner, type StopOptions, type StopOutcome } from "./stop-runner.js";
import { waitFor } from "./wait-for.js";

export interface SupervisorOptions {
  store: Store;
  driver: Driver;
  agents: AgentCatalog;
  log: Log;
  /** Folder of the runners' process folders. */
  runnersFolder: string;
  /** Begins every nonce of this data directory, so that its orphans are known from others'. */
  owner: string;
  /** How long an agent may take to answer after its start. */
  startTimeoutMs: number;
  environment: NodeJS.ProcessEnv;
  /** Output of one agent that may wait to be read, in bytes. Default 512 MiB. */
  maxUnreadBytes?: number;
}

const defaultMaxUnreadBytes = 512 * 1024 * 1024;

/** Keeps the record and the processes of this machine the same. */
export class Supervisor {
  readonly #controllers = new Map<string, RunnerController>();
  /** Work on runners that the record does not speak of yet. */
  readonly #inHand = new Set<{ runnerId: string; done: Promise<unknown>; delaysClose: boolean }>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #removals = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly heartbeats: Heartbeats;
  readonly externals: ExternalRunners;
  readonly restarts = new Restarts();

  constructor(readonly options: SupervisorOptions) {
    this.heartbeats = new Heartbeats(options.store);
    this.externals = new ExternalRunners(options.store, options.log, this.heartbeats);
  }

  /** Aborted once nothing new is begun. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  controllers(): Iterable<RunnerController> {
    return this.#controllers.values();
  }

  controller(runnerId: string): RunnerController | undefined {
    return this.#controllers.get(runnerId);
  }

  /** Whether a runner is followed, or something is being done with it: reconciliation leaves it alone then. */
  isInHand(runnerId: string): boolean {
    return this.#controllers.has(runnerId) || this.isBusyWith(runnerId);
  }

  /** Whether something is being done with a runner. */
  isBusyWith(runnerId: string): boolean {
    return [...this.#inHand].some((work) => work.runnerId === runnerId);
  }

  /** Keeps reconciliation away from a runner until the work is done. Closing waits for it unless told otherwise. */
  takeInHand<T>(runnerId: string, work: Promise<T>, delaysClose = true): Promise<T> {
    const entry = { runnerId, done: work, delaysClose };
    this.#inHand.add(entry);
    const drop = () => this.#inHand.delete(entry);
    work.then(drop, drop);
    return work;
  }

  /**
   * Records a runner and starts its agent; the answer is STARTING, and events tell the rest. A repeated request starts
   * nothing.
   */
  async createRunner(
    input: Omit<NewRunnerInput, "place">,
    plan: LaunchPlan,
    request?: RepeatableRequest,
  ): Promise<CreateRunnerResponse> {
    this.#refuseWhenClosed();
    const { store } = this.options;
    const { runnersFolder, owner } = this.options;
    const place = (runnerId: string) => placeOf({ runnersFolder, owner, runnerId, incarnation: 1 });
    const { answer, effect: runner } = await store.transaction((tx) =>
      once(tx, request, CreateRunnerResponseSchema, () => {
        const row = createRunner(tx, { ...input, place });
        const { warnings } = row;
        return {
          answer: create(CreateRunnerResponseSchema, { runner: runnerMessage(row), warnings }),
          effect: row,
        };
      }),
    );
    if (runner === undefined) return answer;
    // The next daemon ends the record of a runner that was never started.
    if (this.closing.aborted) throw shuttingDown();
    void this.takeInHand(runner.id, startAgent(this, runner, plan));
    return answer;
  }

  /** An agent that does not answer in time after its start, or take up the session it was started for, is ended. */
  expectAnswer(controller: RunnerController): void {
    const { startTimeoutMs, store } = this.options;
    const timer = setTimeout(() => {
      if (store.read.runners.byId(controller.runnerId)?.status !== RunnerStatus.STARTING) return;
      controller.fail(`the agent did not answer within ${startTimeoutMs / 1000} s`);
    }, startTimeoutMs);
    timer.unref();
    this.#timers.set(controller.runnerId, timer);
    expectContinued(this, controller);
  }

  follow(controller: RunnerController): RunnerController {
    this.#controllers.set(controller.runnerId, controller);
    return controller;
  }

  /** What controllers need of here. */
  get context(): ControllerContext {
    const { store, log, maxUnreadBytes = defaultMaxUnreadBytes } = this.options;
    return {
      store,
      log,
      maxUnreadBytes,
      ended: (runnerId) => this.#ended(runnerId),
      lost: (runnerId) => this.#lost(runnerId),
    };
  }

  #lost(runnerId: string): void {
    clearTimeout(this.#timers.get(runnerId));
    this.#timers.delete(runnerId);
    this.#controllers.delete(runnerId);
  }

  #ended(runnerId: string): void {
    const isFollowed = this.#controllers.has(runnerId);
    this.#lost(runnerId);
    if (isFollowed) void this.removeFolder(runnerId);
  }

  /** Removes all that a runner's processes were given and left. What cannot be removed is for a later time. */
  removeFolder(runnerId: string): Promise<void> {
    // A second one would go on unseen when the first is done, and could take what a restart has put there.
    const underWay = this.#removals.get(runnerId);
    if (underWay !== undefined) return underWay;
    const removal = rm(join(this.options.runnersFolder, runnerId), { recursive: true, force: true })
      .catch((error) => {
        this.options.log.warn({ runner: runnerId, error }, "a runner's folder could not be removed");
      })
      .finally(() => this.#removals.delete(runnerId));
    this.#removals.set(runnerId, removal);
    return removal;
  }

  /** Settles when nothing is left of a runner that has ended: neither its controller nor its folder. */
  async letGo(runnerId: string): Promise<void> {
    await this.#controllers.get(runnerId)?.done;
    await this.#removals.get(runnerId);
  }

  /**
   * Ends a runner and all it started. What has ended already is a success. The stop goes on when the signal aborts.
   *
   * @throws DomainError not_found, unavailable when processes are left that cannot be ended or the daemon closes; the
   *   signal's reason
   */
  async stopRunner(runnerId: string, options: StopOptions, caller: AbortSignal): Promise<StopOutcome> {
    this.restarts.overtake(runnerId);
    return await endRunner(this, runnerId, { ...options, reason: "", check: () => {} }, caller);
  }

  /**
   * The controller of a runner that can be spoken to.
   *
   * @throws DomainError failed_precondition
   */
  live(runner: RunnerRow): RunnerController {
    this.#refuseWhenClosed();
    const controller = this.#controllers.get(runner.id);
    if (isLive(runner.status) && runner.status !== RunnerStatus.STOPPING && controller !== undefined)
      return controller;
    throw failedPrecondition(
      "RUNNER_NOT_LIVE",
      `runner ${runner.id} is ${statusName(runner.status)}; this needs one that is RUNNING`,
      { runner: runner.id, status: statusName(runner.status) },
    );
  }

  /** The runner once it is no longer STARTING; at once in any other state. */
  settled(runnerId: string, signal: AbortSignal): Promise<RunnerRow> {
    return this.inState(runnerId, ({ status }) => status !== RunnerStatus.STARTING, signal);
  }

  /**
   * The runner once it is as asked for.
   *
   * @throws DomainError not_found, also when it is deleted meanwhile; the signal's reason when it aborts first
   */
  inState(runnerId: string, isSo: (runner: RunnerRow) => boolean, signal: AbortSignal): Promise<RunnerRow> {
    const { store } = this.options;
    const look = () => {
      const now = runnerById(store.read, runnerId);
      return isSo(now) ? now : undefined;
    };
    return waitFor(store, [`runner:${runnerId}`], look, signal);
  }

  /** @throws DomainError failed_precondition for a runner whose agent has not answered yet, or is held back */
  requireRunning(runner: RunnerRow): void {
    if (runner.status === RunnerStatus.RUNNING) return;
    throw failedPrecondition(
      "RUNNER_NOT_RUNNING",
      `runner ${runner.id} is ${statusName(runner.status)}; wait until it is RUNNING`,
      { runner: runner.id, status: statusName(runner.status) },
    );
  }

  /** Ends every agent: for a server whose record will not outlive it. */
  async stopAll(): Promise<void> {
    this.restarts.overtakeAll();
    await this.#settleWork();
    const signal = AbortSignal.timeout(10_000);
    const ids = [...this.#controllers.keys()];
    await Promise.allSettled(ids.map((id) => this.stopRunner(id, { force: true, graceMs: 0 }, signal)));
  }

  /** Lets go of every agent; they live on. */
  async close(): Promise<void> {
    this.#closing.abort(shuttingDown());
    await this.externals.close();
    await this.#settleWork();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.allSettled([...this.#controllers.values()].map((controller) => controller.close()));
  }

  async #settleWork(): Promise<void> {
    const works = [...this.#inHand].filter(({ delaysClose }) => delaysClose);
    await Promise.allSettled(works.map(({ done }) => done));
  }

  #refuseWhenClosed(): void {
    if (this.closing.aborted) throw shuttingDown();
  }
}
