import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApprovalRemember, ApprovalState, PermissionMode, RunnerActivity } from "@stratavore/proto";
import { expect, test } from "vitest";
import { asked, call, claudeHouse, over, say, talking } from "./fixture/claude.js";

const { ALLOW, DENY } = PermissionMode;

test("a project's rules are about what Claude Code's own tools do", async () => {
  const house = await claudeHouse();
  const rules = [
    { tool: "Bash", command: "rm *", mode: DENY },
    { tool: "Bash", command: "touch *", mode: ALLOW },
    { tool: "Write", path: "src/**", mode: ALLOW },
    { tool: "edit", mode: DENY },
  ];
  await house.projects.updateProject({ name: "web", config: { approvalPolicy: { rules } } });
  mkdirSync(join(house.path, "src"));
  const { sessionId } = await talking(house);
  const at = (name: string) => join(house.path, name);
  const bash = (command: string) => call("Bash", { command, description: "do it" });
  const write = (file: string) => call("Write", { file_path: at(file), content: "one\n" });
  await say(house, sessionId, `${bash("touch made")}\n!say Made.`);
  await say(house, sessionId, `${bash("touch two && rm made")}\n!say No.`);
  await say(house, sessionId, `${write("src/a.txt")}\n!say Written.`);
  await say(house, sessionId, `${write("b.txt")}\n!say No.`);
  expect(["made", "two", "b.txt"].map((name) => existsSync(at(name)))).toEqual([true, false, false]);
  expect(readFileSync(at("src/a.txt"), "utf8")).toBe("one\n");
  const answered = async (state: ApprovalState) =>
    (await house.approvals.listApprovals({ state })).approvals.map(({ rule }) => rule);
  expect(await answered(ApprovalState.ALLOWED)).toMatchObject([rules[1], rules[2]]);
  expect(await answered(ApprovalState.REJECTED)).toMatchObject([rules[0], rules[3]]);
});

test("an answer for the project is a rule that answers the same command", async () => {
  const house = await claudeHouse();
  const { sessionId, runnerId } = await talking(house);
  const text = `${call("Bash", { command: "touch 'made here'", description: "make" })}\n!say Made.`;
  const { turn } = await house.sessions.sendMessage({ sessionId, text });
  const { id: approvalId } = await asked(house, sessionId);
  const activity = async () => (await house.runners.getRunner({ runnerId })).runner!.activity;
  expect(await activity()).toBe(RunnerActivity.AWAITING_APPROVAL);
  const { projectRule } = await house.approvals.resolveApproval({
    approvalId,
    answer: { case: "allow", value: true },
    remember: ApprovalRemember.PROJECT,
  });
  expect(projectRule).toMatchObject({ tool: "Bash", command: "touch 'made here'", mode: ALLOW });
  await over(house, sessionId, turn!.id);
  expect(await activity()).toBe(RunnerActivity.IDLE);
  const other = await talking(house);
  await say(house, other.sessionId, text);
  const { approvals } = await house.approvals.listApprovals({
    sessionId: other.sessionId,
    state: ApprovalState.ALLOWED,
  });
  expect(approvals).toMatchObject([{ resolvedBy: "policy", rule: projectRule }]);
});
