import { ApprovalState, RunnerActivity, RunnerStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import type { AgentUpdate } from "../../../src/agents/index.js";
import { approvalById, approvalMessage, resolveApproval } from "../../../src/domain/approvals.js";
import { applyUpdates } from "../../../src/supervise/runner/apply.js";
import { openBench } from "../bench.js";
import { scripted } from "../house.js";

const { AWAITING_APPROVAL, AWAITING_INPUT, IDLE } = RunnerActivity;

test("a runner waits for answers as long as one is missing, whatever else its agent does", async () => {
  const bench = await openBench();
  const id = await bench.create(scripted(bench, "plain"), [], "!permission rm");
  await bench.status(id, RunnerStatus.RUNNING);
  const waiting = () => bench.store.read.approvals.pending({ runnerId: id });
  await expect.poll(() => waiting().length).toBe(1);
  const sessionId = await bench.sessionOf(id);
  const activity = () => bench.runner(id).activity;
  expect(activity()).toBe(AWAITING_APPROVAL);
  const controller = bench.supervisor.controller(id)!;
  const say = (...updates: AgentUpdate[]) =>
    controller.change((tx, memory) => {
      const facts = { pid: 1, cwd: `${bench.root}/project` };
      return { value: undefined, out: applyUpdates(tx, id, memory, facts, updates) };
    });
  await say({ kind: "activity", sessionId, activity: "working" });
  await say({ kind: "activity", sessionId, activity: "rate_limited" });
  expect(activity()).toBe(AWAITING_APPROVAL);

  const { toolCall, options } = approvalMessage(waiting()[0]!);
  const question = { type: "object", properties: { Colour: { type: "string" } } };
  const asked = { sessionId, agentRequestId: "2", toolCall: toolCall!, options, question };
  await say({ kind: "approval_requested", ...asked });
  expect(activity()).toBe(AWAITING_INPUT);
  expect(approvalMessage(waiting()[1]!).question).toEqual(question);
  const [first, second] = waiting().map(({ id: approval }) => approval);
  const answer = (approval: string) =>
    controller.change((tx, memory) => {
      const row = approvalById(tx, approval);
      resolveApproval(tx, row, ApprovalState.ALLOWED, { optionId: options[0]!.id, by: "ada" });
      const lines = memory.adapter.answer(row.agentRequestId, { optionId: options[0]!.id });
      return { value: undefined, out: { lines, prompts: [] } };
    });
  await answer(second!);
  expect(activity()).toBe(AWAITING_APPROVAL);
  await say({ kind: "activity", sessionId, activity: "working" });
  expect(activity()).toBe(AWAITING_APPROVAL);
  await answer(first!);
  await expect.poll(activity).toBe(IDLE);
});
