import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Cgroup } from "../../../src/drivers/process/cgroup.js";

test("memory is what is resident, not what of files is cached; unknown without the controller", () => {
  const path = mkdtempSync(join(tmpdir(), "cgroup-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const group = new Cgroup(path);
  expect(group.memoryBytes()).toBe(null);
  // As the kernel writes it, cut short.
  const stat = "anon 104857600\nfile 4294967296\nkernel 2097152\nfile_mapped 8388608\nfile_dirty 0\n";
  writeFileSync(join(path, "memory.stat"), stat);
  writeFileSync(join(path, "memory.current"), "4401922048\n");
  expect(group.memoryBytes()).toBe(113246208);
});
