import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { EventType, RunnerActivity, RunnerStatus, SessionStatus } from "@stratavore/client/node";
import { shown, styled } from "./style.js";

/** A status as people write it: `running`. */
export const statusWord = (status: RunnerStatus): string => (RunnerStatus[status] ?? "unknown").toLowerCase();

export const sessionWord = (status: SessionStatus): string =>
  (SessionStatus[status] ?? "unknown").toLowerCase();

const statusStyles: Partial<Record<RunnerStatus, Parameters<typeof styled>[0]>> = {
  [RunnerStatus.STARTING]: "cyan",
  [RunnerStatus.RUNNING]: "green",
  [RunnerStatus.PAUSED]: "yellow",
  [RunnerStatus.STOPPING]: "yellow",
  [RunnerStatus.TERMINATED]: "dim",
  [RunnerStatus.FAILED]: "red",
};

export const styledStatus = (status: RunnerStatus): string =>
  styled(statusStyles[status] ?? "reset", statusWord(status));

/** What a runner does, if that is known: `awaiting approval`. */
export const activityWord = (activity: RunnerActivity): string =>
  activity === RunnerActivity.UNSPECIFIED
    ? ""
    : (RunnerActivity[activity] ?? "").toLowerCase().replace("_", " ");

/** The name of an event type: `RUNNER_STARTED`. */
export const eventName = (type: EventType): string => EventType[type] ?? String(type);

/** The end of an id, which tells it from its neighbours as its beginning, a time, does not. */
export const shortId = (id: string): string => shown(id.slice(-8));

export const isoTime = (time: Timestamp | undefined): string =>
  time === undefined ? "" : timestampDate(time).toISOString();

/** How long ago: `5 s`, `3 min`, `2 h`, `4 d`. */
export function age(time: Timestamp | undefined): string {
  if (time === undefined) return "";
  return spanOf(Math.max(0, Math.round((Date.now() - timestampDate(time).getTime()) / 1000)));
}

/** How long, in the same words. */
export const span = (duration: Duration | undefined): string => spanOf(Number(duration?.seconds ?? 0n));

function spanOf(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
