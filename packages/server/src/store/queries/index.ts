import type { Connection } from "../connection.js";
import { ApprovalReads, ApprovalWrites } from "./approvals.js";
import { ChunkReads, ChunkWrites } from "./chunks.js";
import { EventReads, EventWrites } from "./events.js";
import { MessageReads, MessageWrites } from "./messages.js";
import { Probe } from "./probe.js";
import { ProcessReads, ProcessWrites } from "./processes.js";
import { ProjectReads, ProjectWrites } from "./projects.js";
import { RequestReads, RequestWrites } from "./requests.js";
import { RunnerReads, RunnerWrites } from "./runners.js";
import { SessionReads, SessionWrites } from "./sessions.js";
import { TotalReads } from "./totals.js";
import { TurnReads, TurnWrites } from "./turns.js";
import { UsageReads, UsageWrites } from "./usage.js";
import { UsageReports } from "./usage-report.js";

/** Every read, by the thing read. */
export interface Reads {
  readonly projects: ProjectReads;
  readonly runners: RunnerReads;
  readonly processes: ProcessReads;
  readonly sessions: SessionReads;
  readonly turns: TurnReads;
  readonly messages: MessageReads;
  readonly chunks: ChunkReads;
  readonly approvals: ApprovalReads;
  readonly events: EventReads;
  readonly usage: UsageReads;
  readonly requests: RequestReads;
  readonly totals: TotalReads;
  readonly usageReports: UsageReports;
}

/** What a job is handed: every read and write, within its transaction. It is of no use after the job. */
export interface Transaction extends Reads {
  readonly projects: ProjectWrites;
  readonly runners: RunnerWrites;
  readonly processes: ProcessWrites;
  readonly sessions: SessionWrites;
  readonly turns: TurnWrites;
  readonly messages: MessageWrites;
  readonly chunks: ChunkWrites;
  readonly approvals: ApprovalWrites;
  readonly events: EventWrites;
  readonly usage: UsageWrites;
  readonly requests: RequestWrites;
  readonly probe: Probe;
  /** Wakes whoever waits for the topic, once this job is committed. */
  wake(topic: string): void;
}

export function createReads(connection: Connection): Reads {
  return {
    projects: new ProjectReads(connection),
    runners: new RunnerReads(connection),
    processes: new ProcessReads(connection),
    sessions: new SessionReads(connection),
    turns: new TurnReads(connection),
    messages: new MessageReads(connection),
    chunks: new ChunkReads(connection),
    approvals: new ApprovalReads(connection),
    events: new EventReads(connection),
    usage: new UsageReads(connection),
    requests: new RequestReads(connection),
    totals: new TotalReads(connection),
    usageReports: new UsageReports(connection),
  };
}

export function createTransaction(connection: Connection, wake: (topic: string) => void): Transaction {
  const chunks = new ChunkWrites(connection, wake);
  return {
    projects: new ProjectWrites(connection, wake),
    runners: new RunnerWrites(connection, wake),
    processes: new ProcessWrites(connection),
    sessions: new SessionWrites(connection, wake),
    turns: new TurnWrites(connection, wake),
    messages: new MessageWrites(connection, wake, chunks),
    chunks,
    approvals: new ApprovalWrites(connection, wake),
    events: new EventWrites(connection, wake),
    usage: new UsageWrites(connection),
    requests: new RequestWrites(connection),
    totals: new TotalReads(connection),
    usageReports: new UsageReports(connection),
    probe: new Probe(connection),
    wake,
  };
}
