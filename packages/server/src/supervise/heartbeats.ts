import { create } from "@bufbuild/protobuf";
import { anyPack, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  EventType,
  type ResourceUsage,
  type RunnerEvent,
  RunnerEventSchema,
  RunnerHeartbeatSchema,
} from "@stratavore/proto";
import type { RunnerRow, Store } from "../store/index.js";

/** Whose heartbeats; empty: of all. */
export interface HeartbeatFilter {
  projectName: string;
  runnerId: string;
}

/** Signs of life of runners, as events for who is there to see them. Nothing of them is stored. */
export class Heartbeats {
  readonly #streams = new Set<HeartbeatStream>();
  #count = 0;

  constructor(readonly store: Store) {}

  publish(runner: RunnerRow, resourceUsage: ResourceUsage | undefined): void {
    const streams = [...this.#streams].filter((stream) => stream.wants(runner));
    if (streams.length === 0) return;
    const event = heartbeatMessage(runner, resourceUsage);
    for (const stream of streams) stream.put(event);
    this.store.tail.notify(streams.map(({ topic }) => topic));
  }

  /** Those that come from now on. Needs `close`. */
  follow(filter: HeartbeatFilter): HeartbeatStream {
    const stream = new HeartbeatStream(`heartbeats:${this.#count++}`, filter, () =>
      this.#streams.delete(stream),
    );
    this.#streams.add(stream);
    return stream;
  }
}

/** What one reader has not taken yet: the latest heartbeat of each runner, however slow it is. */
export class HeartbeatStream {
  readonly #waiting = new Map<string, RunnerEvent>();

  constructor(
    /** Of the store's tail; woken when there is something to take. */
    readonly topic: string,
    readonly filter: HeartbeatFilter,
    /** Ends it. */
    readonly close: () => void,
  ) {}

  wants({ id, projectName }: RunnerRow): boolean {
    const { filter } = this;
    if (filter.runnerId !== "" && filter.runnerId !== id) return false;
    return filter.projectName === "" || filter.projectName === projectName;
  }

  put(event: RunnerEvent): void {
    this.#waiting.set(event.runnerId, event);
  }

  /** A runner that has ended is not seen alive after that. */
  drop(runnerId: string): void {
    this.#waiting.delete(runnerId);
  }

  /** Whether there is something to take. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The latest heartbeat of the runner that has waited longest. */
  take(): RunnerEvent {
    const [runnerId, event] = this.#waiting.entries().next().value!;
    this.#waiting.delete(runnerId);
    return event;
  }
}

const heartbeatMessage = (runner: RunnerRow, resourceUsage: ResourceUsage | undefined): RunnerEvent =>
  create(RunnerEventSchema, {
    eventType: EventType.RUNNER_HEARTBEAT,
    timestamp: timestampFromMs(Date.now()),
    runnerId: runner.id,
    projectName: runner.projectName,
    payload: anyPack(
      RunnerHeartbeatSchema,
      create(RunnerHeartbeatSchema, { resourceUsage, activity: runner.activity }),
    ),
    metadata: runner.metadata,
    projectUid: runner.projectUid,
  });
