import { RunnerStatus } from "@stratavore/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DomainError } from "../../src/domain/errors.js";
import { canMove, checkMove, isLive, isTerminal, statusAfterExit } from "../../src/domain/lifecycle.js";

const { UNSPECIFIED, STARTING, RUNNING, PAUSED, STOPPING, TERMINATED, FAILED } = RunnerStatus;
const all = [UNSPECIFIED, STARTING, RUNNING, PAUSED, STOPPING, TERMINATED, FAILED];

// As the design draws it, written apart from the table that is tested.
const drawn = new Set(
  [
    [STARTING, RUNNING],
    [STARTING, STOPPING],
    [STARTING, FAILED],
    [RUNNING, PAUSED],
    [RUNNING, STOPPING],
    [RUNNING, TERMINATED],
    [RUNNING, FAILED],
    [PAUSED, RUNNING],
    [PAUSED, STOPPING],
    [PAUSED, TERMINATED],
    [PAUSED, FAILED],
    [STOPPING, TERMINATED],
    [TERMINATED, STARTING],
    [FAILED, STARTING],
  ].map(String),
);

test.for(all.flatMap((from) => all.map((to) => [RunnerStatus[from], RunnerStatus[to], from, to] as const)))(
  "%s -> %s",
  ([, , from, to]) => {
    const allowed = drawn.has(String([from, to]));
    expect(canMove(from, to)).toBe(allowed);
    if (allowed) {
      checkMove("runner_1", from, to);
      return;
    }
    expect(() => checkMove("runner_1", from, to)).toThrow(
      expect.objectContaining({
        code: "failed_precondition",
        details: expect.objectContaining({ runner: "runner_1" }),
      }),
    );
  },
);

test("whatever is tried in whatever order, only a restart leads on from an end, and a stop leads only to one", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...all), { maxLength: 60 }), (wanted) => {
      let status: RunnerStatus = STARTING;
      for (const to of wanted) {
        const before: RunnerStatus = status;
        try {
          checkMove("runner_1", before, to);
          status = to;
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          continue;
        }
        if (isTerminal(before)) expect(status).toBe(STARTING);
        if (before === STOPPING) expect(status).toBe(TERMINATED);
        expect(isLive(status)).toBe(!isTerminal(status));
      }
    }),
  );
});

test.for([
  // status, exit code, exec?, what becomes of it
  [STARTING, 0, false, FAILED],
  [STARTING, 1, true, FAILED],
  [RUNNING, 0, false, FAILED],
  [RUNNING, 0, true, TERMINATED],
  [RUNNING, 1, true, FAILED],
  [RUNNING, null, true, FAILED],
  [PAUSED, 0, true, TERMINATED],
  [STOPPING, 0, false, TERMINATED],
  [STOPPING, 137, false, TERMINATED],
  [STOPPING, null, true, TERMINATED],
] as const)("%i with exit code %s, exec %s", ([status, exitCode, endsBySuccess, expected]) => {
  const after = statusAfterExit({ status, exitCode, endsBySuccess });
  expect(after).toBe(expected);
  expect(canMove(status, after)).toBe(true);
});
