import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { anyUnpack, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ApprovalResolvedSchema,
  ApprovalState,
  EventType,
  RunnerActivity,
  TurnState,
} from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { type House, openHouse } from "../house.js";

const program = fileURLToPath(new URL("../children/daemon.mjs", import.meta.url));
const { PENDING, EXPIRED } = ApprovalState;

const inState = async (house: House, state: ApprovalState) =>
  (await house.approvals.listApprovals({ state })).approvals;

/** A house whose agent asks, with so much time to answer. */
async function asking(seconds: bigint) {
  const house = await openHouse();
  const config = { approvalPolicy: { deadline: { seconds } } };
  await house.projects.updateProject({ name: "p", config });
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!permission rm\n!say after");
  await expect.poll(async () => (await house.events(EventType.APPROVAL_REQUESTED)).length).toBe(1);
  return { house, runnerId, sessionId, turn };
}

async function expectRejected({ house, runnerId, sessionId, turn }: Awaited<ReturnType<typeof asking>>) {
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.answer(sessionId)).toMatch(/permission: reject-once\s+after/);
  const [approval, ...others] = await inState(house, EXPIRED);
  expect(others).toEqual([]);
  expect(approval).toMatchObject({ resolvedBy: "deadline", optionId: "reject-once" });
  expect(timestampMs(approval!.resolvedAt!)).toBeGreaterThanOrEqual(timestampMs(approval!.deadline!));
  expect((await house.runner(runnerId)).activity).toBe(RunnerActivity.IDLE);
  const [resolved] = await house.events(EventType.APPROVAL_RESOLVED);
  const payload = anyUnpack(resolved!.payload!, ApprovalResolvedSchema);
  expect(payload).toMatchObject({ approval: { state: EXPIRED, resolvedBy: "deadline" } });
  const late = { approvalId: approval!.id, answer: { case: "allow" as const, value: true } };
  await expect(house.approvals.resolveApproval(late)).rejects.toThrow(/EXPIRED already/);
}

test("what nobody answers in time is rejected", async () => {
  await expectRejected(await asking(1n));
});

test("an answer in time counts, and its deadline is over", async () => {
  const { house, sessionId, turn } = await asking(2n);
  const [approval] = await inState(house, PENDING);
  expect(timestampMs(approval!.deadline!) - timestampMs(approval!.createdAt!)).toBeCloseTo(2000, -2);
  await house.approvals.resolveApproval({ approvalId: approval!.id, answer: { case: "allow", value: true } });
  await house.over(sessionId, turn.id);
  await expect
    .poll(() => Date.now(), { timeout: 5000 })
    .toBeGreaterThan(timestampMs(approval!.deadline!) + 1200);
  expect(await inState(house, EXPIRED)).toEqual([]);
  expect(await house.answer(sessionId)).toMatch(/permission: allow-once/);
});

test("a deadline that passes while no daemon runs is kept by the next one", async () => {
  const asked = await asking(4n);
  const { house } = asked;
  const [approval] = await inState(house, PENDING);
  await house.close();
  const child = spawn(process.execPath, [program, house.dataDir, asked.sessionId], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // It has taken up the agent that waits.
  await once(createInterface({ input: child.stdout }), "line");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  await expect.poll(() => Date.now(), { timeout: 5000 }).toBeGreaterThan(timestampMs(approval!.deadline!));
  await house.open();
  await expectRejected(asked);
  expect(house.errors).toEqual([]);
});
