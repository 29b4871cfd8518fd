import { RunnerStatus, SessionStatus, TurnState, UsageDimension } from "@stratavore/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { holds } from "../properties/runs.js";
import { type House, openHouse } from "./house.js";

const nanosPerCent = 10_000_000n;

/** What a session has used, by the log of what its agent was told to use. */
interface Log {
  input: bigint;
  output: bigint;
  cost: bigint;
}

type Command =
  | { kind: "turn"; which: number; input: number; output: number; cents: number }
  | { kind: "repeat" | "leave" | "kill" | "restart" | "fork"; which: number }
  | { kind: "reopen" };

const which = fc.nat({ max: 9 });
const counts = { input: fc.nat({ max: 99 }), output: fc.nat({ max: 99 }), cents: fc.nat({ max: 99 }) };
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turn" as const), which, ...counts }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "repeat" as const,
        "leave" as const,
        "kill" as const,
        "restart" as const,
        "fork" as const,
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);

const turn = (which: number, cents: number): Command => ({ kind: "turn", which, input: 1, output: 2, cents });

/** A copy of a copy goes on with the sum of all of them, on one runner after another. */
const copies: Command[] = [
  turn(0, 10),
  { kind: "fork", which: 0 },
  turn(1, 20),
  { kind: "leave", which: 1 },
  turn(1, 5),
  { kind: "fork", which: 1 },
  { kind: "reopen" },
  turn(2, 7),
  { kind: "kill", which: 2 },
  { kind: "repeat", which: 2 },
  { kind: "restart", which: 0 },
  turn(0, 1),
];

const commands = fc.array(command, { minLength: 4, maxLength: 10 });

test("turns, restarts, resumes, copies and repeated reports in any order: totals are those of the agents' own log", async () => {
  await holds({ runs: 4, withinMs: 20_000 }, commands, totalsAgree);
}, 300_000);

test("a copy of a copy, on one runner after another, has used what it used itself", () =>
  totalsAgree(copies));

async function totalsAgree(given: readonly Command[]): Promise<void> {
  const house = await openHouse({ agent: { capabilities: { fork: true } } });
  try {
    await check(house, await follow(house, given));
  } finally {
    await house[Symbol.asyncDispose]();
  }
}

/** Does what the commands say; gives what each session has used. */
async function follow(house: House, commands: readonly Command[]): Promise<Map<string, Log>> {
  const logs = new Map<string, Log>();
  const begun = (sessionId: string) => void logs.set(sessionId, { input: 0n, output: 0n, cost: 0n });
  begun((await house.talking("agent")).sessionId);
  for (const each of commands) {
    if (each.kind === "reopen") {
      await house.close();
      await house.open();
      continue;
    }
    const [sessionId, log] = [...logs][each.which % logs.size]!;
    const runnerId = await live(house, sessionId);
    switch (each.kind) {
      case "turn": {
        const { input, output, cents } = each;
        const said = await house.say(sessionId, `!usage ${input} ${output} 0 0 0 ${cents / 100}`);
        expect(said.state).toBe(TurnState.COMPLETED);
        log.input += BigInt(input);
        log.output += BigInt(output);
        log.cost += BigInt(cents) * nanosPerCent;
        break;
      }
      case "repeat":
        await house.say(sessionId, "!usage 0 0 0 0 0 0");
        break;
      case "leave":
        await house.runners.stopRunner({ runnerId });
        break;
      case "kill":
        process.kill((await house.runner(runnerId)).pid, "SIGKILL");
        await house.status(runnerId, RunnerStatus.FAILED);
        break;
      case "restart":
        await house.runners.restartRunner({ runnerId, preserveSession: true });
        await expect.poll(async () => (await house.session(sessionId)).status).toBe(SessionStatus.IDLE);
        break;
      case "fork": {
        const { session } = await house.sessions.resumeSession({ sessionId, fork: true });
        begun(session!.id);
      }
    }
  }
  return logs;
}

/** The runner that the session is on, which is a new one if it was on none. */
async function live(house: House, sessionId: string): Promise<string> {
  const { status, runnerId } = await house.session(sessionId);
  if (status !== SessionStatus.RESUMABLE) return runnerId;
  return (await house.sessions.resumeSession({ sessionId })).runner!.id;
}

async function check(house: House, logs: Map<string, Log>): Promise<void> {
  const { rows, total } = await house.usage.reportUsage({ groupBy: [UsageDimension.SESSION], limit: 1000 });
  const nanosOf = ({ costs }: { costs: { costNanos: bigint }[] }) =>
    costs.reduce((sum, { costNanos }) => sum + costNanos, 0n);
  const reported = new Map(rows.map((row) => [row.sessionId, row]));
  const sum: Log = { input: 0n, output: 0n, cost: 0n };
  for (const [sessionId, log] of logs) {
    const row = reported.get(sessionId);
    const found = row && { input: row.inputTokens, output: row.outputTokens, cost: nanosOf(row) };
    expect(found ?? { input: 0n, output: 0n, cost: 0n }).toEqual(log);
    const { usage } = await house.session(sessionId);
    expect(usage?.costNanos ?? 0n).toBe(log.cost);
    sum.input += log.input;
    sum.output += log.output;
    sum.cost += log.cost;
  }
  expect({ input: total!.inputTokens, output: total!.outputTokens, cost: nanosOf(total!) }).toEqual(sum);
  const { runners } = await house.runners.listRunners({ limit: 1000 });
  const ofRunners = runners.reduce((cost, { usage }) => cost + (usage?.costNanos ?? 0n), 0n);
  expect(ofRunners).toBe(sum.cost);
}
