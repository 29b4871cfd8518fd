import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testWorld } from "./support/world.js";

interface Listed {
  approvals: { id: string; state: string; resolvedBy: string; rule?: object }[];
}

test("rules answer agents; an answer can become one, is shown with what gave it, and goes again", async () => {
  const world = testWorld();
  const heard = join(world.dir, "heard.json");
  const notify = ["node", "-e", `process.stdin.pipe(require("node:fs").createWriteStream("${heard}"))`];
  await world.startDaemon(...notify.map((word) => `--notify=${word}`));
  await world.ok("project", "create", "web", "--agent", "demo", "--model", "demo-1");
  await world.ok("run", "--project", "web", "--agent", "demo");
  const { runners } = await world.json<{ runners: { id: string }[] }>("runners");
  const { id } = runners[0]!;

  const asked = world.run(["send", id, "!permission Touch the moon"]);
  await expect.poll(() => world.ok("approvals")).toContain("Touch the moon");
  await expect.poll(() => readFileSync(heard, "utf8").trim()).toMatch(/^\{.*Touch the moon.*\}$/);
  const [waiting] = (await world.json<Listed>("approvals")).approvals;
  expect(await world.run(["approve", waiting!.id, "--input", "[]"])).toMatchObject({ code: 2 });
  expect(await world.run(["approve", waiting!.id, "--input", "{}"])).toMatchObject({ code: 2 });
  const answered = await world.run(["approve", waiting!.id, "--remember", "project"]);
  expect(answered).toMatchObject({ code: 0, stdout: `${waiting!.id} allowed\n` });
  expect(answered.stderr).toContain("stratavore project rules web");
  expect(await asked).toMatchObject({ code: 0 });

  expect(await world.ok("project", "rules", "web")).toMatch(/^1\tallow\texecute\t\trm -r \S+build$/);
  await world.ok("send", id, "!permission again");
  const { approvals } = await world.json<Listed>("approvals", "--state", "allowed");
  expect(approvals).toMatchObject([{ id: waiting!.id }, { resolvedBy: "policy", rule: { tool: "execute" } }]);
  expect(approvals[0]!.resolvedBy).not.toBe("policy");
  expect(await world.ok("approvals", "--state", "allowed")).toContain(
    'policy (allow tool "execute" command "rm',
  );

  expect(await world.ok("project", "add-rule", "web", "deny", "--command", "rm *", "--at", "1")).toBe(
    'Added: deny command "rm *"',
  );
  await world.ok("send", id, "!permission third");
  expect((await world.json<Listed>("approvals", "--state", "rejected")).approvals).toHaveLength(1);
  const events = await world.ok("events", "--no-follow", "--from-start", "--type", "approval_resolved");
  expect(events.split("\n").at(-1)).toMatch(/rejected by policy \(deny command "rm \*"\)$/);

  expect(await world.run(["project", "remove-rule", "web", "3"])).toMatchObject({ code: 6 });
  await world.ok("project", "remove-rule", "web", "1");
  expect(await world.ok("project", "remove-rule", "web", "1")).toMatch(/^Removed: allow tool "execute"/);
  expect(await world.json("project", "rules", "web")).toMatchObject({ rules: [] });
  expect(await world.ok("project", "policy", "web", "--mode", "deny", "--deadline", "90")).toMatch(
    /: deny, rejected after 90 s$/,
  );
  expect(await world.json("project", "rules", "web")).toMatchObject({
    mode: "PERMISSION_MODE_DENY",
    deadline: "90s",
  });
  expect(await world.ok("project", "policy", "web", "--deadline", "none")).toMatch(/: deny$/);
  expect(await world.run(["project", "policy", "web", "--deadline", "0"])).toMatchObject({ code: 2 });
  const { projects } = await world.json<{ projects: { config: object }[] }>("project", "list");
  expect(projects[0]!.config).toMatchObject({ agent: "demo", model: "demo-1" });
});
