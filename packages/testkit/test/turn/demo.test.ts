import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AcpClient, temporaryFolder, textOf } from "../agent-process.js";

describe("a prompt without directives", () => {
  test("gets a thought, a plan, a real listing and an honest answer", async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, "src"));
    writeFileSync(join(cwd, "package.json"), "{}");
    const client = new AcpClient();
    const sessionId = await client.open(cwd);
    const response = await client.prompt(sessionId, "Fix the login bug");

    expect(response.stopReason).toBe("end_turn");
    expect(textOf(client.updates, "agent_thought_chunk")).toContain("“Fix the login bug”");
    const plans = client.updates.filter((update) => update.sessionUpdate === "plan");
    expect(plans.at(0)?.entries.map((entry) => entry.status)).toEqual(["in_progress", "pending", "pending"]);
    expect(plans.at(-1)?.entries.map((entry) => entry.status)).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
    const calls = client.updates.filter((update) => update.sessionUpdate.startsWith("tool_call"));
    expect(calls.map((call) => "status" in call && call.status)).toEqual([
      "pending",
      "in_progress",
      "completed",
    ]);
    expect(calls.at(-1)).toMatchObject({ content: [{ content: { text: "src/\npackage.json" } }] });
    expect(client.said).toContain("a script, not a model");
    expect(client.said).toContain(`In ${cwd} I found 1 folder and 1 file; package.json says`);
    const chunks = client.updates.filter((update) => update.sessionUpdate === "agent_message_chunk");
    expect(chunks.length).toBeGreaterThan(5);
    expect(new Set(chunks.map((chunk) => chunk.messageId)).size).toBe(1);
  });

  test("reports tokens and a cost of nothing", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    const { usage } = await client.prompt(sessionId, "Hello there");
    expect(usage?.inputTokens).toBe(3);
    expect(usage?.outputTokens).toBe(Math.ceil(client.said.length / 4));
    expect(usage?.totalTokens).toBe(3 + usage!.outputTokens + usage!.thoughtTokens!);
    expect(client.updates.at(-1)).toMatchObject({
      sessionUpdate: "usage_update",
      size: 200_000,
      cost: { amount: 0, currency: "USD" },
    });
  });

  test("knows in its second turn that it is the second", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    await client.prompt(sessionId, "First");
    expect(client.said).toContain("Hello!");
    client.updates.length = 0;
    await client.prompt(sessionId, "Second");
    expect(client.said).toContain("This is turn 2");
  });

  test("stops after the plan in plan mode", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    await client.agent.request("session/set_mode", { sessionId, modeId: "plan" });
    await client.prompt(sessionId, "Fix it");
    expect(client.said).toContain("I am in plan mode");
    expect(client.updates.some((update) => update.sessionUpdate === "tool_call")).toBe(false);
  });

  test("says so when the folder cannot be listed", async () => {
    const client = new AcpClient();
    const sessionId = await client.open("/nowhere/at/all");
    await client.prompt(sessionId, "Look");
    expect(client.said).toContain("I could not list /nowhere/at/all");
    expect(client.updates).toContainEqual(
      expect.objectContaining({ sessionUpdate: "tool_call_update", status: "failed" }),
    );
  });

  test("is cancelled in the middle of its answer", async () => {
    const client = new AcpClient({ delayMs: 60_000 });
    const sessionId = await client.open();
    const answer = client.prompt(sessionId, "Take your time");
    await expect.poll(() => client.updates.length).toBeGreaterThan(0);
    await client.agent.notify("session/cancel", { sessionId });
    expect((await answer).stopReason).toBe("cancelled");
  });

  test("does not pause with the fast model", async () => {
    const client = new AcpClient({ delayMs: 60_000 });
    const sessionId = await client.open();
    await client.agent.request("session/set_config_option", {
      sessionId,
      configId: "model",
      value: "demo-fast",
    });
    expect((await client.prompt(sessionId, "Quick")).stopReason).toBe("end_turn");
  });
});
