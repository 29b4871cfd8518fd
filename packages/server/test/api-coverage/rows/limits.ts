import { RunnerStatus } from "@stratavore/proto";
import { expect } from "vitest";
import type { StratavoreOptions } from "../../../src/index.js";
import { converse, type Opened } from "../../rpc/fixture/stratavore.js";
import { outcomeOf } from "../row.js";

/** Samples come often, and are still long enough for a busy process to get its share in each. */
export const sampled: StratavoreOptions = { sampleIntervalMs: 200 };

async function facts({ runners }: Opened, runnerId: string) {
  return (await runners.getRunner({ runnerId })).runner!;
}

/** Settles when a runner's usage was sampled this many times. */
async function samples(server: Opened, runnerId: string, count: number): Promise<void> {
  const times = new Set<string>();
  const seen = async () => {
    const { lastUpdated } = (await facts(server, runnerId)).resourceUsage ?? {};
    if (lastUpdated !== undefined) times.add(`${lastUpdated.seconds}.${lastUpdated.nanos}`);
    return times.size;
  };
  await expect.poll(seen).toBeGreaterThanOrEqual(count);
}

/** A program that holds some 50 MiB. */
export const holder = {
  agent: "exec",
  args: ["sh", "-c", "held=$(head -c 50000000 /dev/zero | tr '\\0' x); sleep 600"],
};

/** What becomes of a runner that uses more than 20 MiB; `limited` is whether it may not. */
export async function memoryOutcome(server: Opened, runnerId: string, limited: boolean): Promise<string> {
  const used = async () => (await facts(server, runnerId)).resourceUsage?.memoryMb;
  if (limited) await server.runners.waitRunner({ runnerId });
  else await expect.poll(used).toBeGreaterThan(20n);
  const { status, reason } = await facts(server, runnerId);
  return `${RunnerStatus[status]} ${reason.slice(0, "quota max_memory_mb 20".length)}`.trim();
}

/** A program that keeps a core busy. */
export const burner = { agent: "exec", args: ["sh", "-c", "while :; do :; done"] };

/** What is said of a runner that uses more than 1 % of a core; `limited` is whether that is too much. */
export async function cpuOutcome(server: Opened, runnerId: string, limited: boolean): Promise<string[]> {
  const warned = async () => (await facts(server, runnerId)).warnings.length;
  if (limited) await expect.poll(warned).toBeGreaterThan(0);
  else await samples(server, runnerId, 5);
  const { warnings } = await facts(server, runnerId);
  return warnings.map((warning) => warning.slice(0, "quota max_cpu_percent 1".length));
}

/** A runner of one of these programs. */
export async function program(
  { runners }: Opened,
  projectName: string,
  spec: typeof holder,
  given: object = {},
): Promise<string> {
  return (await runners.createRunner({ projectName, spec, ...given })).runner!.id;
}

/** What becomes of a message after 15 tokens were used. */
export async function messageAfterTokens(server: Opened, sessionId: string): Promise<unknown> {
  await converse(server, sessionId, "!usage 10 5");
  return await outcomeOf(server.sessions.sendMessage({ sessionId, text: "!say more" }), () => "taken");
}
