import { afterAll, beforeAll, expect, it } from "vitest";
import { bar } from "../src/output/bar.js";
import { csvLine } from "../src/output/csv.js";
import { amount } from "../src/output/usage.js";
import { World } from "./support/world.js";

const world = new World();

beforeAll(async () => {
  await world.startDaemon();
  await world.ok("project", "create", "web", "--path", world.project, "--agent", "demo");
  await world.ok("run", "--project", "web", "--stop-when-done", "!usage 10 5 3 2 1 0.25");
});
afterAll(() => world.close());

it("usage: a row for each value of what is asked for, as a table, CSV and JSON", async () => {
  const [line] = (await world.ok("usage", "--by", "project,day")).split("\n");
  const day = line!.split("\t")[0]!;
  expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(line).toMatch(/^\S+\tweb\t10\t5\t3\t2\t0\.25 USD reported/);
  expect((await world.run(["usage", "--by", "project", "--csv"])).stdout).toBe(
    "project,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost,currency,cost_basis\r\n" +
      "web,10,5,3,2,1,0.25,USD,reported\r\n",
  );
  const report = await world.json<{ rows: object[]; total: object; priceTableDate: string }>("usage");
  expect(report).toMatchObject({ rows: [{ day, inputTokens: "10" }], total: { outputTokens: "5" } });
  expect(report.priceTableDate).toMatch(/^\d{4}-\d\d-\d\d$/);
});

it("usage: filters, and what it does not take", async () => {
  expect(await world.ok("usage", "--project", "other")).toBe("");
  expect((await world.ok("usage", "--since", "2d")).split("\t")[1]).toBe("10");
  expect((await world.run(["usage", "--by", "week"])).stderr).toContain(
    "It takes any of day, project, person, model, runner, session",
  );
});

it("CSV: quotes what has to be, and no cell is a formula", () => {
  expect(csvLine(["plain", 5n, "", 'a "b", c', "two\nlines"])).toBe('plain,5,,"a ""b"", c","two\nlines"\r\n');
  expect(csvLine(["=1+1", "+x", "-x", "@x", "\tx"])).toBe("'=1+1,'+x,'-x,'@x,'\tx\r\n");
  expect(csvLine(["=a,b", -5n])).toBe('"\'=a,b",-5\r\n');
});

it("bars are as long as their part of the largest, and none is lost", () => {
  expect([bar(8, 8, 4), bar(4, 8, 4), bar(3, 8, 4), bar(1e-9, 8, 4), bar(0, 8, 4), bar(5, 0, 4)]).toEqual([
    "████",
    "██",
    "█▌",
    "▏",
    "",
    "",
  ]);
});

it("amounts have two digits after the point, or as many as they need", () => {
  const nanos = [0n, 250_000_000n, 1_000_000_000n, 123n, 12_345_600_000n, -1_500_000_000n];
  expect(nanos.map(amount)).toEqual(["0.00", "0.25", "1.00", "0.000000123", "12.3456", "-1.50"]);
});
