import { DomainError } from "../../domain/errors.js";
import type { SessionRow } from "../../store/index.js";
import type { Services } from "../services.js";

/** For a runner to start, and for its agent to take a session up. */
export const timeoutMs = ({ supervisor }: Services) => 2 * supervisor.options.startTimeoutMs;

export function tookTooLong(services: Services, { id }: SessionRow, runnerId: string): DomainError {
  const seconds = timeoutMs(services) / 1000;
  return new DomainError(
    "deadline_exceeded",
    "RESUME_TIMEOUT",
    `the agent of runner ${runnerId} did not take up session ${id} within ${seconds} s; try again, or open a new session`,
    { details: { session: id, runner: runnerId } },
  );
}
