import { expect, test } from "vitest";
import { checkEnvironmentNames, inheritedEnvironment } from "../../src/supervise/environment.js";
import { openHouse } from "./house.js";

const secret = "sk-very-secret";

test("an agent gets the allow-list and what its runner sets, and no secret of the daemon", async () => {
  const environment = {
    ...process.env,
    AWS_SECRET_ACCESS_KEY: secret,
    LC_MESSAGES: "C",
    "BASH_FUNC_x%%": "() { :; }",
  };
  const house = await openHouse({}, { environment });
  const { sessionId, runnerId } = await house.talking("plain");
  await house.say(sessionId, "!env");
  const names = (await house.answer(sessionId)).split(/\s+/);
  expect(names).toContain("PATH");
  expect(names).toContain("LC_MESSAGES");
  expect(names).toContain("STRATAVORE_RUNNER_ID");
  expect(names).not.toContain("AWS_SECRET_ACCESS_KEY");
  expect(names.filter((name) => name.startsWith("BASH_FUNC"))).toEqual([]);
  await house.say(sessionId, "!env STRATAVORE_RUNNER_ID");
  expect(await house.answer(sessionId)).toContain(runnerId);
});

test("values are plain, of the daemon's environment by name, or read from a file at the start; never stored", async () => {
  const { writeFileSync, readFileSync } = await import("node:fs");
  const house = await openHouse({}, { environment: { ...process.env, DEPLOY_KEY: secret } });
  const file = `${house.root}/token`;
  writeFileSync(file, `${secret}-in-a-file\n`);
  const value = (source: object) => ({ source });
  const runnerId = await house.running("exec", {
    args: ["/bin/sh", "-c", 'echo "$A|$(printf %s "$B" | wc -c)|$(printf %s "$C" | wc -c)|$D"; sleep 600'],
    environment: {
      A: value({ case: "plain", value: "plain $(id)" }),
      B: value({ case: "secret", value: "env:DEPLOY_KEY" }),
      C: value({ case: "secret", value: `file:${file}` }),
      D: value({ case: "inherit", value: true }),
    },
  });
  const { sessionId } = await house.runner(runnerId);
  await expect
    .poll(() => house.answer(sessionId))
    .toBe(`plain $(id)|${secret.length}|${secret.length + 10}|\n`);
  await house.runners.stopRunner({ runnerId });
  await house.close();
  const database = readFileSync(`${house.dataDir}/stratavore.db`);
  expect(database.includes("plain $(id)")).toBe(true);
  expect(database.includes(secret)).toBe(false);
});

test("a secret that is not there fails the call and leaves no record", async () => {
  const house = await openHouse();
  for (const reference of ["env:NOT_THERE_AT_ALL", "file:/no/such/file"]) {
    const environment = { KEY: { source: { case: "secret", value: reference } } };
    await expect(house.running("plain", { environment })).rejects.toThrow(
      /the secret for KEY cannot be read/,
    );
  }
  expect((await house.runners.listRunners({})).runners).toEqual([]);
});

test.for(["LD_PRELOAD", "PATH", "NODE_OPTIONS", "BASH_ENV", "DYLD_INSERT_LIBRARIES", "STRATAVORE_NONCE"])(
  "%s cannot be set, by a runner or its project",
  async (name) => {
    const house = await openHouse();
    const environment = { [name]: { source: { case: "plain" as const, value: "/tmp/evil" } } };
    await expect(house.running("plain", { environment })).rejects.toThrow(new RegExp(`"${name}"`));
    await expect(
      house.projects.createProject({ name: "q", path: house.project, config: { environment } }),
    ).rejects.toThrow(new RegExp(`"${name}"`));
    expect((await house.runners.listRunners({})).runners).toEqual([]);
  },
);

test("patterns take what begins so, exact names only themselves", () => {
  const source = {
    PATH: "/bin",
    PATHS: "x",
    XDG_DATA_HOME: "/d",
    FOO_A: "1",
    FOO: "2",
    EMPTY: "",
    "odd-name": "3",
  };
  expect(inheritedEnvironment(source)).toEqual({ PATH: "/bin", XDG_DATA_HOME: "/d" });
  expect(inheritedEnvironment(source, ["FOO_*", "odd-name", "EMPTY"])).toEqual({
    PATH: "/bin",
    XDG_DATA_HOME: "/d",
    FOO_A: "1",
    EMPTY: "",
  });
  expect(() => checkEnvironmentNames(["FOO", "PATHS", "MY_LD_PRELOAD"], "x")).not.toThrow();
});
