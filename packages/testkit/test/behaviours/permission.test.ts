import type { RequestPermissionResponse } from "@agentclientprotocol/sdk";
import { expect, test } from "vitest";
import { AcpClient } from "../agent-process.js";

test.each([
  ["allow-once", "completed"],
  ["allow-always", "completed"],
  ["reject-once", "failed"],
  ["reject-always", "failed"],
  ["never-offered", "failed"],
])("%s makes the tool call %s", async (optionId, status) => {
  const client = new AcpClient();
  client.onPermission = async () => ({ outcome: { outcome: "selected", optionId } });
  const response = await client.prompt(await client.open(), "!permission Drop the table", "!say done");
  expect(response.stopReason).toBe("end_turn");
  expect(client.permissions).toMatchObject([
    {
      toolCall: { title: "Drop the table", kind: "execute", status: "pending" },
      options: [
        { kind: "allow_once" },
        { kind: "allow_always" },
        { kind: "reject_once" },
        { kind: "reject_always" },
      ],
    },
  ]);
  expect(client.said).toBe(`permission: ${optionId}\ndone`);
  expect(client.updates[1]).toMatchObject({ sessionUpdate: "tool_call_update", status });
});

test("a client that answers cancelled ends the turn", async () => {
  const client = new AcpClient();
  client.onPermission = async () => ({ outcome: { outcome: "cancelled" } });
  const response = await client.prompt(await client.open(), "!permission", "!say done");
  expect(response.stopReason).toBe("cancelled");
  expect(client.said).toBe("");
});

test("a cancel ends a turn whose permission is never answered", async () => {
  const client = new AcpClient();
  let answer: (response: RequestPermissionResponse) => void = () => undefined;
  client.onPermission = () => new Promise((resolve) => (answer = resolve));
  const sessionId = await client.open();
  const turn = client.prompt(sessionId, "!permission");
  await expect.poll(() => client.permissions.length).toBe(1);
  await client.agent.notify("session/cancel", { sessionId });
  expect((await turn).stopReason).toBe("cancelled");
  // The answer that comes too late does no harm.
  answer({ outcome: { outcome: "selected", optionId: "allow-once" } });
  expect((await client.prompt(sessionId, "!say on")).stopReason).toBe("end_turn");
  expect(client.process.stderr).toBe("");
});

test("a client that answers with an error fails the prompt", async () => {
  const client = new AcpClient();
  client.onPermission = () => Promise.reject(new Error("no one is here"));
  await expect(client.prompt(await client.open(), "!permission")).rejects.toMatchObject({ code: -32603 });
});
