import { expect, test } from "vitest";
import { keptFacts, keptText, maxTextLength } from "../../../src/rpc/logs/facts.js";

const secret = "hunter2-hunter2-hunter2";

test.each([
  "token",
  "accessToken",
  "authorization",
  "Proxy-Authorization",
  "password",
  "client_secret",
  "credential",
  "api_key",
  "apiKey",
  "ANTHROPIC_API_KEY",
  "set-cookie",
  "private-key",
  "passphrase",
  "DB_PASS",
  "passwd",
  "passwordHash",
])("what is called %s is left out, also deep inside", (name) => {
  const kept = keptFacts({ [name]: secret, deep: { list: [{ [name]: { value: secret } }] }, other: "stays" });
  expect(JSON.stringify(kept)).not.toContain(secret);
  expect(kept).toMatchObject({ [name]: "[redacted]", other: "stays" });
  expect(kept.deep).toContain(name);
});

test.each([
  `authorization: Bearer ${secret}`,
  `sent bearer  ${secret}, and was refused`,
  `Authorization: Basic ${Buffer.from(secret).toString("base64")}`,
  `GET /x?api_key=${secret}&page=2`,
  `--password=${secret}`,
  `db_pass: ${secret}`,
  `{"access_token":"${secret}"}`,
  `ANTHROPIC_API_KEY=${secret} claude --print`,
  `postgres://admin:${secret}@db.local/x`,
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${secret}`,
  `sk-ant-api03-${secret}`,
  `ghp_${secret.replaceAll("-", "")}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${secret.replaceAll("-", "")}\n-----END RSA PRIVATE KEY-----`,
])("%s: no secret is left in a text, nor in an error", (text) => {
  const word = /hunter2|aHVudGVy/;
  expect(keptText(text)).toContain("[redacted]");
  expect(keptText(text)).not.toMatch(word);
  expect(keptFacts({ error: new Error("failed", { cause: new Error(text) }) }).error).not.toMatch(word);
  expect(keptFacts({ command: [text] }).command).not.toMatch(word);
});

test.each([
  "the agent does not read its input",
  "the local credential was replaced: others could have read it",
  "a basic sentence about tokens and passwords",
  "passed=3, bypassing: nothing",
  "runner_01k2x5 in https://localhost:50051/path",
  "max_tokens_per_day: 1000, tokens=12",
])("%s: stays as it is", (text) => {
  expect(keptText(text)).toBe(text);
});

test("what follows an option that is called so is left out", () => {
  const args = ["claude", "--api-key", secret, "--model", "best"];
  expect(keptFacts({ args }).args).toBe('["claude","--api-key","[redacted]","--model","best"]');
});

test("counts stay, also of tokens", () => {
  const kept = keptFacts({ tokens: 12, maxTokens: 5n, usage: { inputTokens: 3 } });
  expect(kept).toEqual({ tokens: "12", maxTokens: "5", usage: '{"inputTokens":3}' });
});

test("a text made to be hard to search costs no time", () => {
  const hard = [
    "token".repeat(800),
    "eyJ".repeat(1300),
    "://a:".repeat(800),
    "-----BEGIN PRIVATE KEY-----".repeat(140),
    "sk-".repeat(1300),
    "Basic ".repeat(650),
  ];
  const from = performance.now();
  for (const text of hard) keptText(text);
  expect(performance.now() - from).toBeLessThan(500);
});

test("what is cut in the middle shows no part of a secret", () => {
  const key = `sk-${"Zq9".repeat(20)}`;
  for (let shown = 1; shown <= key.length + 2; shown++) {
    const text = `${"a ".repeat(maxTextLength / 2).slice(0, maxTextLength - shown - 1)} ${key} and more`;
    expect(keptText(text)).not.toMatch(/sk-Z|Zq9/);
  }
});
