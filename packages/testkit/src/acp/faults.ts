import { setTimeout } from "node:timers/promises";
import { RequestError } from "@agentclientprotocol/sdk";
import type { Fault } from "../script/script.js";
import type { Host } from "../turn/host.js";

/** Plays a scripted fault; returns when the normal answer may follow. Throws the fault's JSON-RPC error. */
export async function playFault(fault: Fault | undefined, host: Host): Promise<void> {
  if (!fault) return;
  if (fault.stderr !== undefined) process.stderr.write(`${fault.stderr}\n`);
  if (fault.garbage !== undefined) await host.writeRaw(`${fault.garbage}\n`);
  if (fault.delayMs) await setTimeout(fault.delayMs);
  if (fault.crash !== undefined) host.exit(fault.crash);
  if (fault.block) host.block();
  if (fault.hang) await new Promise(() => undefined);
  if (fault.error) throw new RequestError(fault.error.code, fault.error.message, fault.error.data);
}
