import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { EventType, type ResourceQuota, type RunnerEvent, RunnerStatus } from "@stratavore/proto";
import { registry } from "@stratavore/proto/registry";
import { expect } from "vitest";
import type { Clients } from "../../rpc/fixture/stratavore.js";

const { STARTING, RUNNING, PAUSED, TERMINATED, FAILED } = RunnerStatus;

/** A runner, as its events tell of it. */
export interface Told {
  status: RunnerStatus;
  agent: string;
  incarnation: number;
  /** Incarnations that became RUNNING. */
  started: number[];
  /** Sessions that it holds. */
  sessions: Set<string>;
}

const isLive = ({ status }: Told) => status !== TERMINATED && status !== FAILED;

/**
 * What the event log tells of runners and quotas, rebuilt event by event. Each event is checked against what came before
 * it, by the rules of the design and not by the server's table.
 */
export class Record {
  readonly runners = new Map<string, Told>();
  created = 0;
  sessions = 0;
  tokens = 0n;
  events = 0;
  maxConcurrentRunners = 0;

  static async read({ runners }: Clients): Promise<Record> {
    const record = new Record();
    const eventTypes = Object.values(EventType).filter(
      (type): type is EventType => typeof type === "number" && type !== EventType.UNSPECIFIED,
    );
    const unfiltered = { fromStart: true, bookmarks: true, eventTypes };
    for await (const event of runners.streamRunnerEvents(unfiltered)) {
      if (event.eventType === EventType.BOOKMARK) break;
      // These are not stored.
      if (event.eventType !== EventType.RUNNER_HEARTBEAT) record.take(event);
    }
    return record;
  }

  get live(): number {
    return [...this.runners.values()].filter(isLive).length;
  }

  take(event: RunnerEvent): void {
    this.events++;
    expect(event.eventId, "positions without gaps").toMatch(new RegExp(`-${this.events}$`));
    const payload = event.payload && anyUnpack(event.payload, registry);
    // biome-ignore lint/suspicious/noExplicitAny: the payload that the type names
    const facts = payload as any;
    const told = this.runners.get(event.runnerId);
    const from = (...statuses: RunnerStatus[]) => {
      const at = told && RunnerStatus[told.status];
      const allowed = statuses.map((status) => RunnerStatus[status]);
      expect(allowed, `${EventType[event.eventType]} of ${event.runnerId}`).toContain(at);
      return told!;
    };
    switch (event.eventType) {
      case EventType.PROJECT_CREATED:
      case EventType.PROJECT_UPDATED:
        this.maxConcurrentRunners =
          (facts.project.quota as ResourceQuota | undefined)?.maxConcurrentRunners ?? 0;
        break;
      case EventType.RUNNER_CREATED:
        expect(told).toBeUndefined();
        expect(facts.runner).toMatchObject({ id: event.runnerId, status: STARTING, incarnation: 1 });
        this.runners.set(event.runnerId, {
          status: STARTING,
          agent: facts.runner.agent,
          incarnation: 1,
          started: [],
          sessions: new Set(),
        });
        this.created++;
        this.#oneMoreIsAllowed();
        break;
      case EventType.RUNNER_STARTED: {
        const runner = from(STARTING);
        expect(facts.incarnation).toBe(runner.incarnation);
        runner.started.push(runner.incarnation);
        runner.status = RUNNING;
        break;
      }
      case EventType.RUNNER_PAUSED:
        from(RUNNING).status = PAUSED;
        break;
      case EventType.RUNNER_RESUMED:
        from(PAUSED).status = RUNNING;
        break;
      case EventType.RUNNER_STOPPED: {
        // What nobody has asked to end, ends well only by itself, with success.
        const runner = facts.requested ? from(STARTING, RUNNING, PAUSED) : from(RUNNING, PAUSED);
        if (!facts.requested && runner.agent !== "external") {
          expect([runner.agent, facts.exitCode]).toEqual(["exec", 0]);
        }
        this.#end(runner, TERMINATED);
        break;
      }
      case EventType.RUNNER_FAILED:
        this.#end(from(STARTING, RUNNING, PAUSED), FAILED);
        expect(facts.reason).not.toBe("");
        break;
      case EventType.RUNNER_RESTARTED: {
        const runner = from(TERMINATED, FAILED);
        runner.incarnation++;
        expect(facts.incarnation).toBe(runner.incarnation);
        runner.status = STARTING;
        this.#oneMoreIsAllowed();
        break;
      }
      case EventType.RUNNER_DELETED:
        expect(facts.status).toBe(from(TERMINATED, FAILED).status);
        this.runners.delete(event.runnerId);
        break;
      case EventType.RUNNER_UPDATED: {
        const at = from(STARTING, RUNNING, PAUSED, TERMINATED, FAILED).status;
        // A stop that is under way has no event of its own.
        const shown: RunnerStatus = facts.runner.status;
        if (shown !== RunnerStatus.STOPPING || !isLive(told!)) expect(shown).toBe(at);
        break;
      }
      case EventType.SESSION_CREATED:
        from(STARTING, RUNNING).sessions.add(event.sessionId);
        this.sessions++;
        break;
      case EventType.SESSION_ENDED:
        expect(from(STARTING, RUNNING, PAUSED).sessions.delete(event.sessionId)).toBe(true);
        break;
      case EventType.TURN_STARTED:
        expect([...from(RUNNING).sessions]).toContain(event.sessionId);
        break;
      case EventType.TURN_COMPLETED: {
        const { inputTokens, outputTokens, cacheWriteTokens } = facts.turn.usage;
        expect([...from(RUNNING).sessions]).toContain(event.sessionId);
        this.tokens += inputTokens + outputTokens + cacheWriteTokens;
        break;
      }
      case EventType.RUNNER_ADOPTED:
        from(STARTING, RUNNING, PAUSED);
        expect(facts.pid).toBeGreaterThan(0);
        break;
      default:
        throw new Error(`no command brings about ${EventType[event.eventType]}`);
    }
  }

  #end(runner: Told, status: RunnerStatus): void {
    expect(runner.sessions, "sessions that a runner holds after its end").toEqual(new Set());
    runner.status = status;
  }

  #oneMoreIsAllowed(): void {
    if (this.maxConcurrentRunners === 0) return;
    expect(this.live, "max_concurrent_runners").toBeLessThanOrEqual(this.maxConcurrentRunners);
  }
}
