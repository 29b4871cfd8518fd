import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type BatchStopRunnersRequestSchema,
  type BatchStopRunnersResponse,
  type CreateRunnerRequestSchema,
  type DeleteRunnerRequestSchema,
  type GetRunnerRequestSchema,
  type HeartbeatRequestSchema,
  type ListAgentsRequestSchema,
  type ListAgentsResponse,
  type ListRunnersRequestSchema,
  type ListRunnersResponse,
  type PauseRunnerRequestSchema,
  type RestartRunnerRequestSchema,
  type ResumeRunnerRequestSchema,
  type Runner,
  RunnerService,
  type StopRunnerRequestSchema,
  type StopRunnerResponse,
  type StreamRunnerEventsRequestSchema,
  type UpdateRunnerRequestSchema,
  type WaitRunnerRequestSchema,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { everyPage } from "./pages.js";
import { required } from "./required.js";
import { EventStream } from "./stream/event-stream.js";
import type { StreamOptions } from "./stream/resuming-stream.js";

/** Runners: agents at work in a project. */
export class Runners {
  readonly #client: Client<typeof RunnerService>;
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#client = createClient(RunnerService, context.transport);
    this.#context = context;
  }

  /** Launches an agent; answers STARTING, and RUNNING comes when the agent answered. */
  async create(
    request: MessageInitShape<typeof CreateRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    const answer = await this.#client.createRunner(request, options);
    for (const warning of answer.warnings) this.#context.onWarning(warning);
    return required(answer.runner, "runner");
  }

  /** One runner. NOT_FOUND. Its metrics and session are in `raw.runners.getRunner`'s answer. */
  async get(
    request: MessageInitShape<typeof GetRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.getRunner(request, options)).runner, "runner");
  }

  /** A page of runners, newest first: 50, or `limit` up to 1000. */
  list(
    request: MessageInitShape<typeof ListRunnersRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ListRunnersResponse> {
    return this.#client.listRunners(request, options);
  }

  /** Every runner, page by page. */
  all(
    request: MessageInitShape<typeof ListRunnersRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<Runner, void, undefined> {
    return everyPage(this.#client.listRunners, (page) => page.runners, request, options);
  }

  /**
   * Changes a runner. A new model is asked of its agent, which answers later: see `effectiveModel`, and `warnings` for what
   * has no effect. NOT_FOUND; ABORTED: stale etag; FAILED_PRECONDITION: it has ended.
   */
  async update(
    request: MessageInitShape<typeof UpdateRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.updateRunner(request, options)).runner, "runner");
  }

  /** Removes a runner from the record. FAILED_PRECONDITION: it is live, without `force`. */
  async delete(
    request: MessageInitShape<typeof DeleteRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.deleteRunner(request, options);
  }

  /** Stops a runner and tells which processes ended, and how that is known. What has stopped stays so: no error. */
  stop(
    request: MessageInitShape<typeof StopRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<StopRunnerResponse> {
    return this.#client.stopRunner(request, options);
  }

  /** Stops many runners and reports on each. */
  stopMany(
    request: MessageInitShape<typeof BatchStopRunnersRequestSchema>,
    options?: CallOptions,
  ): Promise<BatchStopRunnersResponse> {
    return this.#client.batchStopRunners(request, options);
  }

  /**
   * Starts a runner anew; a live one is stopped first, and its session goes on with `preserveSession`. Answers STARTING.
   * FAILED_PRECONDITION: it is STARTING or STOPPING, it is told to stop meanwhile, or something that it needs is missing.
   */
  async restart(
    request: MessageInitShape<typeof RestartRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.restartRunner(request, options)).runner, "runner");
  }

  /** Holds a runner back. FAILED_PRECONDITION: it is not RUNNING. */
  async pause(
    request: MessageInitShape<typeof PauseRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.pauseRunner(request, options)).runner, "runner");
  }

  /** Lets a paused runner go on. FAILED_PRECONDITION: it is not PAUSED. */
  async resume(
    request: MessageInitShape<typeof ResumeRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.resumeRunner(request, options)).runner, "runner");
  }

  /**
   * Tells that an external runner is alive, or with `ended` that it is not any more. The answer's status is for its owner
   * to act on: STOPPING, PAUSED. NOT_FOUND; FAILED_PRECONDITION: it is not external, or has ended.
   */
  async heartbeat(
    request: MessageInitShape<typeof HeartbeatRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.heartbeat(request, options)).runner, "runner");
  }

  /** Answers when a runner is in one of the states, by default a final one. DEADLINE_EXCEEDED: `timeoutMs` came first. */
  async wait(
    request: MessageInitShape<typeof WaitRunnerRequestSchema>,
    options?: CallOptions,
  ): Promise<Runner> {
    return required((await this.#client.waitRunner(request, options)).runner, "runner");
  }

  /** Agent profiles, and which of them the daemon's machine has. */
  agents(
    request: MessageInitShape<typeof ListAgentsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ListAgentsResponse> {
    return this.#client.listAgents(request, options);
  }

  /**
   * Events as they happen, by default those of runners. Lost connections are made anew, without gap or repeat;
   * OUT_OF_RANGE: what came after `afterEventId` is not kept any more.
   */
  events(
    request: MessageInitShape<typeof StreamRunnerEventsRequestSchema> = {},
    options: StreamOptions = {},
  ): EventStream {
    return new EventStream(this.#client, request, options, this.#context.closed);
  }
}
