import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AcpClient, temporaryFolder } from "../agent-process.js";

test("an unknown directive is an error, before anything has run, and the session goes on", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  await expect(client.prompt(sessionId, "!say no", "!nope")).rejects.toMatchObject({
    code: -32602,
    message: expect.stringContaining("line 2: unknown directive !nope"),
    data: { line: 2 },
  });
  expect(client.updates).toEqual([]);
  expect((await client.prompt(sessionId, "!say yes")).stopReason).toBe("end_turn");
});

test("stop ends the turn with its reason", async () => {
  const client = new AcpClient();
  const response = await client.prompt(await client.open(), "!say a", "!stop max_tokens", "!say b");
  expect(response.stopReason).toBe("max_tokens");
  expect(client.said).toBe("a");
});

test("error answers with that error", async () => {
  const client = new AcpClient();
  const prompt = client.prompt(await client.open(), "!error -32050 rate limited, try later");
  await expect(prompt).rejects.toMatchObject({ code: -32050, message: "rate limited, try later" });
});

test("wait waits for the file", async () => {
  const client = new AcpClient();
  const file = join(temporaryFolder(), "go on");
  const answer = client.prompt(await client.open(), "!say before", `!wait ${file}`, "!say after");
  await expect.poll(() => client.said).toBe("before");
  writeFileSync(file, "");
  expect((await answer).stopReason).toBe("end_turn");
  expect(client.said).toBe("beforeafter");
});

test("sleep waits", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  const before = performance.now();
  await client.prompt(sessionId, "!sleep 120");
  expect(performance.now() - before).toBeGreaterThanOrEqual(119);
});

test("a second prompt while one runs is refused", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  const first = client.prompt(sessionId, "!say on", "!hang");
  await expect.poll(() => client.said).toBe("on");
  await expect(client.prompt(sessionId, "!say two")).rejects.toMatchObject({ code: -32600 });
  await client.agent.notify("session/cancel", { sessionId });
  expect((await first).stopReason).toBe("cancelled");
});

describe("cancel", () => {
  test.each([["!hang"], ["!sleep 60000"], ["!wait /no/such/file"], ["!chunks 9 60000"]])(
    "ends %s",
    async (line) => {
      const client = new AcpClient();
      const sessionId = await client.open();
      const answer = client.prompt(sessionId, "!say on", line);
      await expect.poll(() => client.said).toMatch(/^on/);
      await client.agent.notify("session/cancel", { sessionId });
      expect(await answer).toMatchObject({
        stopReason: "cancelled",
        usage: { totalTokens: expect.any(Number) },
      });
      expect((await client.prompt(sessionId, "!say again")).stopReason).toBe("end_turn");
    },
  );

  test("as a cancelled request ends the turn, too", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    const cancellation = new AbortController();
    const prompt = [{ type: "text" as const, text: "!say on\n!hang" }];
    const options = { cancellationSignal: cancellation.signal };
    const answer = client.agent.request("session/prompt", { sessionId, prompt }, options);
    await expect.poll(() => client.said).toBe("on");
    cancellation.abort();
    expect((await answer).stopReason).toBe("cancelled");
  });

  test("of an unknown session or an idle one changes nothing", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    await client.agent.notify("session/cancel", { sessionId: "nobody" });
    await client.agent.notify("session/cancel", { sessionId });
    expect((await client.prompt(sessionId, "!say hi")).stopReason).toBe("end_turn");
  });

  test("is ignored on request, for that turn alone", async () => {
    const client = new AcpClient();
    const sessionId = await client.open();
    const file = join(temporaryFolder(), "end");
    const answer = client.prompt(sessionId, "!ignore-cancel", "!say on", `!wait ${file}`, "!say still here");
    await expect.poll(() => client.said).toBe("on");
    await client.agent.notify("session/cancel", { sessionId });
    // Input is read in order: the refusal shows that the cancel before it was read.
    await expect(client.prompt(sessionId, "!say two")).rejects.toMatchObject({ code: -32600 });
    writeFileSync(file, "");
    expect((await answer).stopReason).toBe("end_turn");
    expect(client.said).toBe("onstill here");
    const next = client.prompt(sessionId, "!say next", "!hang");
    await expect.poll(() => client.said).toContain("next");
    await client.agent.notify("session/cancel", { sessionId });
    expect((await next).stopReason).toBe("cancelled");
  });
});
