import type { SetSessionConfigOptionRequest } from "@agentclientprotocol/sdk";
import { expect, test } from "vitest";
import { AcpClient, temporaryFolder } from "../agent-process.js";

async function start(client: AcpClient) {
  await client.initialize();
  return client.agent.request("session/new", { cwd: temporaryFolder(), mcpServers: [] });
}

test("a new session tells its modes and options", async () => {
  const answer = await start(new AcpClient());
  expect(answer.modes).toMatchObject({
    currentModeId: "demo",
    availableModes: [{ id: "demo" }, { id: "plan" }],
  });
  expect(answer.configOptions).toMatchObject([
    { id: "mode", category: "mode", currentValue: "demo" },
    {
      id: "model",
      category: "model",
      currentValue: "demo",
      options: [{ value: "demo" }, { value: "demo-fast" }],
    },
  ]);
});

test("setting the model changes it, and it stays with the session", async () => {
  const dir = temporaryFolder();
  const client = new AcpClient({ dir });
  const { sessionId } = await start(client);
  const set: SetSessionConfigOptionRequest = { sessionId, configId: "model", value: "demo-fast" };
  const { configOptions } = await client.agent.request("session/set_config_option", set);
  expect(configOptions).toContainEqual(expect.objectContaining({ id: "model", currentValue: "demo-fast" }));
  const other = new AcpClient({ dir });
  await other.initialize();
  const loaded = await other.agent.request("session/load", { sessionId, cwd: "/", mcpServers: [] });
  expect(loaded.configOptions).toContainEqual(
    expect.objectContaining({ id: "model", currentValue: "demo-fast" }),
  );
});

test("mode and its option follow each other", async () => {
  const client = new AcpClient();
  const { sessionId } = await start(client);
  await client.agent.request("session/set_mode", { sessionId, modeId: "plan" });
  expect(client.updates).toMatchObject([
    { sessionUpdate: "config_option_update", configOptions: [{ id: "mode", currentValue: "plan" }, {}] },
  ]);
  await client.agent.request("session/set_config_option", { sessionId, configId: "mode", value: "demo" });
  expect(client.updates[1]).toMatchObject({ sessionUpdate: "current_mode_update", currentModeId: "demo" });
});

test("the script names the models", async () => {
  const models = [
    { value: "sonnet", name: "Sonnet" },
    { value: "opus", name: "Opus" },
  ];
  const answer = await start(new AcpClient({ script: { models } }));
  expect(answer.configOptions?.[1]).toMatchObject({ currentValue: "sonnet", options: models });
});

test.each([
  ["session/set_mode", { modeId: "yolo" }],
  ["session/set_config_option", { configId: "model", value: "gpt" }],
  ["session/set_config_option", { configId: "model", type: "boolean", value: true }],
  ["session/set_config_option", { configId: "temperature", value: "1" }],
])("%s refuses %j", async (method, params) => {
  const client = new AcpClient();
  const { sessionId } = await start(client);
  await expect(client.agent.request(method, { sessionId, ...params })).rejects.toMatchObject({
    code: -32602,
  });
});

test("an agent without capabilities announces and serves none", async () => {
  const capabilities = {
    loadSession: false,
    resume: false,
    list: false,
    close: false,
    delete: false,
    modes: false,
    configOptions: false,
    image: false,
    embeddedContext: false,
  };
  const client = new AcpClient({ script: { capabilities } });
  expect((await client.initialize()).agentCapabilities).toMatchObject({
    loadSession: false,
    promptCapabilities: { image: false, embeddedContext: false },
    sessionCapabilities: {},
  });
  const { sessionId, ...rest } = await start(client);
  expect(rest).toEqual({});
  const methods = ["load", "resume", "list", "fork", "close", "delete", "set_mode", "set_config_option"];
  for (const method of methods) {
    const call = client.agent.request(`session/${method}`, { sessionId, cwd: "/", mcpServers: [] });
    await expect(call, method).rejects.toMatchObject({ code: -32601 });
  }
});
