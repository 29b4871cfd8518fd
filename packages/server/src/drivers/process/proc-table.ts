import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type CarrierRow, NONCE_VARIABLE, type ProcessRow, type ProcessTable, shared } from "./table.js";

/** Processes read between two turns of the event loop: about 2 ms. */
const SLICE = 64;

/** The process table of Linux, from /proc. Reads are synchronous: they never touch a disk. */
export function createProcTable(): ProcessTable {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const units = readUnits();
  const row = (pid: number) => readRow(pid, units);
  return {
    bootId: () => bootId,
    row,
    nonce: readNonce,
    args: readArgs,
    rows: shared(() => scan((pid) => withNonce(row(pid), () => null))),
    carriers: shared(() => scan((pid) => withNonce(row(pid), readNonce))),
  };
}

function withNonce(row: ProcessRow | null, nonce: (pid: number) => string | null): CarrierRow | null {
  return row === null ? null : { ...row, nonce: nonce(row.pid) };
}

async function scan<T>(read: (pid: number) => T | null): Promise<Map<number, T>> {
  const found = new Map<number, T>();
  let seen = 0;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (++seen % SLICE === 0) await setImmediate();
    const value = read(pid);
    if (value !== null) found.set(pid, value);
  }
  return found;
}

function readRow(pid: number, units: Units): ProcessRow | null {
  const stat = read(`/proc/${pid}/stat`)?.toString("utf8");
  if (stat === undefined) return null;
  // The name can hold spaces and parentheses; it ends at the last one.
  const open = stat.indexOf("(");
  const close = stat.lastIndexOf(")");
  const fields = stat.slice(close + 2).split(" ");
  const field = (position: number) => Number(fields[position - 3]);
  return {
    pid,
    ppid: field(4),
    pgid: field(5),
    session: field(6),
    state: fields[0] ?? "",
    startTime: fields[22 - 3] ?? "",
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / units.ticksPerSecond,
    memoryBytes: field(24) * units.pageBytes,
    name: stat.slice(open + 1, close),
  };
}

function readNonce(pid: number): string | null {
  const environ = read(`/proc/${pid}/environ`);
  if (environ === null) return null;
  const key = `${NONCE_VARIABLE}=`;
  let at = environ.indexOf(key);
  while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(key, at + 1);
  if (at < 0) return null;
  const end = environ.indexOf(0, at);
  return environ.toString("latin1", at + key.length, end < 0 ? environ.length : end);
}

function readArgs(pid: number): string[] {
  const text = read(`/proc/${pid}/cmdline`)?.toString("utf8") ?? "";
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

/** null: the process is gone, or belongs to someone else. */
function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

interface Units {
  pageBytes: number;
  ticksPerSecond: number;
}

/** The kernel tells every process its units in the auxiliary vector: pairs of 64-bit words. */
function readUnits(): Units {
  const units = { pageBytes: 4096, ticksPerSecond: 100 };
  const vector = read("/proc/self/auxv") ?? Buffer.alloc(0);
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const key = vector.readBigUInt64LE(at);
    if (key === 6n) units.pageBytes = Number(vector.readBigUInt64LE(at + 8));
    if (key === 17n) units.ticksPerSecond = Number(vector.readBigUInt64LE(at + 8));
  }
  return units;
}
