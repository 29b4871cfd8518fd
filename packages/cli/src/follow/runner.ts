import { EventType, type Runner, RunnerStatus, type StratavoreClient } from "@stratavore/client/node";

export const isOver = ({ status }: Runner): boolean =>
  status === RunnerStatus.TERMINATED || status === RunnerStatus.FAILED;

const stateChanges = [
  EventType.RUNNER_STARTED,
  EventType.RUNNER_STOPPED,
  EventType.RUNNER_FAILED,
  EventType.RUNNER_PAUSED,
  EventType.RUNNER_RESUMED,
  EventType.RUNNER_RESTARTED,
  EventType.RUNNER_DELETED,
];

/**
 * Waits until a runner is as wanted, or over. Hears of each change, also across lost connections.
 *
 * @throws ConnectError NOT_FOUND, also when it is deleted meanwhile; CANCELLED with the signal
 */
export async function awaitRunner(
  client: StratavoreClient,
  runnerId: string,
  wanted: (runner: Runner) => boolean,
  signal: AbortSignal,
): Promise<Runner> {
  const { runner, asOfEventId } = await client.raw.runners.getRunner({ runnerId }, { signal });
  if (runner !== undefined && (wanted(runner) || isOver(runner))) return runner;
  const request = { runnerId, afterEventId: asOfEventId, eventTypes: stateChanges };
  for await (const _ of client.runners.events(request, { signal })) {
    const now = await client.runners.get({ runnerId }, { signal });
    if (wanted(now) || isOver(now)) return now;
  }
  throw new Error("the stream of events ended");
}
