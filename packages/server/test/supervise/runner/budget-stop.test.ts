import { create, toBinary } from "@bufbuild/protobuf";
import {
  Budget_Scope,
  CostBasis,
  EventType,
  ProjectConfigSchema,
  TurnState,
  UsageSchema,
} from "@stratavore/proto";
import { beforeEach, expect, test } from "vitest";
import { turnEnded } from "../../../src/domain/turns.js";
import type { Store, Transaction } from "../../../src/store/index.js";
import {
  noteSpent,
  noteTurnUsed,
  stoppedByBudget,
  unbookedOf,
} from "../../../src/supervise/runner/budget-stop.js";
import { bookTurn } from "../../../src/supervise/runner/costs.js";
import { RunnerMemory } from "../../../src/supervise/runner/memory.js";
import { addProject, addRunner, addSession, openTemp } from "../../store/fixtures.js";

let store: Store;
let memory: RunnerMemory;

const usage = (inputTokens: bigint, cacheReadTokens = 0n) => ({
  inputTokens,
  outputTokens: 0n,
  cacheReadTokens,
  cacheWriteTokens: 0n,
  reasoningTokens: 0n,
});

const budgets = [
  { scope: Budget_Scope.TURN, maxTokens: 100n, warnPercent: 50 },
  { scope: Budget_Scope.RUNNER, maxTokens: 150n },
];

beforeEach(async () => {
  store = await openTemp();
  memory = RunnerMemory.first({ protocol: "acp" }, "");
  await store.transaction((tx) => {
    const config = toBinary(ProjectConfigSchema, create(ProjectConfigSchema, { budgets }));
    tx.projects.update(addProject(tx).uid, undefined, { config });
    addRunner(tx, "runner_1");
    addSession(tx, "session_1", { runnerId: "runner_1" });
  });
});

const begin = (id: string) =>
  store.transaction((tx) => {
    const row = { id, sessionId: "session_1", runnerId: "runner_1", prompt: new Uint8Array(), startedAt: 1 };
    tx.turns.insert({ ...row, state: TurnState.RUNNING });
  });

const on = <T>(job: (tx: Transaction) => T) => store.transaction(job);
const session = () => store.read.sessions.byId("session_1")!;
const warnings = () => store.read.events.after(0n, { types: [EventType.BUDGET_WARNING], limit: 99 }).length;

const end = (id: string, stopReason: string) =>
  on((tx) => {
    const account = memory.cost("session_1");
    const why = stoppedByBudget(account, id, stopReason);
    const told = unbookedOf(account);
    const used = bookTurn(account, undefined);
    turnEnded(tx, session(), tx.turns.byId(id)!, {
      state: TurnState.CANCELLED,
      stopReason,
      told,
      usage: used,
    });
    return why;
  });

test("tokens that a turn is known to have used count while it goes on, and each level is told once", async () => {
  await begin("turn_1");
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(49n, 1000n)));
  expect(warnings()).toBe(0);
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(1n)));
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(1n)));
  expect([warnings(), memory.cost("session_1").stopped]).toEqual([1, undefined]);
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(60n)));
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(1n)));
  expect([warnings(), memory.cost("session_1").stopped?.turnId]).toEqual([2, "turn_1"]);
  expect(await end("turn_1", "cancelled")).toBe("the project's budget of 100 tokens a turn is used up");
  expect([warnings(), store.read.usage.ofRunnerEver("runner_1").inputTokens]).toEqual([2, 112n]);
});

test("the runner's budget goes on with the next turn, and an end that was not by cancel is no budget's", async () => {
  await begin("turn_1");
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(120n)));
  expect(await end("turn_1", "end_turn")).toBeUndefined();
  await begin("turn_2");
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(29n)));
  expect(memory.cost("session_1").stopped).toBeUndefined();
  await on((tx) => noteTurnUsed(tx, memory, session(), usage(1n)));
  expect(await end("turn_2", "cancelled")).toBe("the project's budget of 150 tokens a runner is used up");
});

test("what an agent says that the session has cost is kept for whoever takes it up", async () => {
  await on((tx) => noteSpent(tx, memory, session(), { nanos: 7n, currency: "USD" }));
  const reported = create(UsageSchema, { costNanos: 7n, currency: "USD", costBasis: CostBasis.REPORTED });
  expect(session().reportedUsage).toEqual(Buffer.from(toBinary(UsageSchema, reported)));
});
