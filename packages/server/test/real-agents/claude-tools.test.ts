import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ApprovalRemember,
  ApprovalState,
  PermissionMode,
  ToolCallStatus,
  TurnState,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import { answer, asked, call, claudeHouse, over, say, talking, toolCalls } from "./fixture/claude.js";

test("a tool call waits for its approval, and shows what it changed", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const file = join(house.path, "notes.txt");
  const text = `${call("Write", { file_path: file, content: "one\n" })}\n!say Written.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const approval = await asked(house, sessionId);
  expect(existsSync(file)).toBe(false);
  expect(approval.toolCall).toMatchObject({ name: "Write", toolKind: "edit", locations: [file] });
  expect(approval.options.map(({ kind }) => kind)).toEqual(["allow_once", "allow_always", "reject_once"]);
  await house.approvals.resolveApproval({
    approvalId: approval.id,
    answer: { case: "allow", value: true },
  });
  expect((await over(house, sessionId, turn!.id)).state).toBe(TurnState.COMPLETED);
  expect(readFileSync(file, "utf8")).toBe("one\n");
  expect(await toolCalls(house, sessionId)).toMatchObject([
    {
      status: ToolCallStatus.COMPLETED,
      content: [{ kind: { case: "fileDiff", value: { path: file, newText: "one\n" } } }],
    },
  ]);
  expect(await answer(house, sessionId)).toBe("Written.");
});

test("what is rejected is not done, and the turn goes on", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const text = `${call("Bash", { command: "touch made", description: "make" })}\n!say Then not.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId } = await asked(house, sessionId);
  const { approval } = await house.approvals.resolveApproval({
    approvalId,
    answer: { case: "allow", value: false },
  });
  expect(approval?.state).toBe(ApprovalState.REJECTED);
  expect(await over(house, sessionId, turn!.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(existsSync(join(house.path, "made"))).toBe(false);
  expect((await toolCalls(house, sessionId))[0]?.status).toBe(ToolCallStatus.FAILED);
  expect(await answer(house, sessionId)).toBe("Then not.");
});

test("what is allowed for the session is not asked again, and for the next session it is", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const touch = call("Bash", { command: "touch made", description: "make" });
  const { turn } = await house.sessions.sendMessage({ sessionId, text: `${touch}\n!say First.` });
  const { id: approvalId } = await asked(house, sessionId);
  await house.approvals.resolveApproval({
    approvalId,
    answer: { case: "allow", value: true },
    remember: ApprovalRemember.SESSION,
  });
  await over(house, sessionId, turn!.id);
  expect(await say(house, sessionId, `${touch}\n!say Second.`)).toMatchObject({ stopReason: "end_turn" });
  expect(await answer(house, sessionId)).toBe("First.Second.");

  const { sessionId: other } = await talking(house);
  const again = await house.sessions.sendMessage({ sessionId: other, text: `${touch}\n!say Third.` });
  const { id } = await asked(house, other);
  await house.approvals.resolveApproval({ approvalId: id, answer: { case: "allow", value: true } });
  await over(house, other, again.turn!.id);
});

test("a runner that allows everything asks nobody, and all of it is recorded", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house, { permissionMode: PermissionMode.ALLOW });
  await say(house, sessionId, `${call("Bash", { command: "touch made", description: "make" })}\n!say Made.`);
  expect(existsSync(join(house.path, "made"))).toBe(true);
  const { approvals } = await house.approvals.listApprovals({ sessionId, state: ApprovalState.ALLOWED });
  expect(approvals).toMatchObject([{ resolvedBy: "policy", toolCall: { name: "Bash" } }]);
});

test("a turn is cancelled while its answer streams, and while a tool waits for its approval", async () => {
  const house = await claudeHouse();
  const { sessionId } = await talking(house);
  const endless = "!slow 200 100\n!say Words without an end, and then some more of them.";
  const { turn: first } = await house.sessions.sendMessage({ sessionId, text: endless });
  await expect.poll(() => answer(house, sessionId)).not.toBe("");
  await house.sessions.cancelTurn({ sessionId });
  const cancelled = await over(house, sessionId, first!.id);
  expect(cancelled).toMatchObject({ state: TurnState.CANCELLED, stopReason: "cancelled" });
  expect(cancelled.usage?.inputTokens).toBeGreaterThan(0n);

  const text = call("Bash", { command: "touch made", description: "make" });
  const { turn: second } = await house.sessions.sendMessage({ sessionId, text });
  const { id } = await asked(house, sessionId);
  await house.sessions.cancelTurn({ sessionId });
  expect(await over(house, sessionId, second!.id)).toMatchObject({ state: TurnState.CANCELLED });
  const { approvals } = await house.approvals.listApprovals({ sessionId, state: ApprovalState.CANCELLED });
  expect(approvals.map((each) => each.id)).toEqual([id]);

  expect(await say(house, sessionId, "!say Here again.")).toMatchObject({ state: TurnState.COMPLETED });
  expect(existsSync(join(house.path, "made"))).toBe(false);
});
