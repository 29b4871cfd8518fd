import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { House } from "./house.js";

/** Whether the kernel holds back a process of the house's agents: by a signal, or by its cgroup. */
export async function isFrozen(house: Pick<House, "carriers">): Promise<boolean> {
  return (await house.carriers()).some((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    if (stat.slice(stat.lastIndexOf(")") + 2).startsWith("T")) return true;
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
    const mount = /^cgroup2 (\S+) /m.exec(readFileSync("/proc/mounts", "utf8"))?.[1] ?? "";
    const events = join(mount, path, "cgroup.events");
    return existsSync(events) && readFileSync(events, "utf8").includes("frozen 1");
  });
}
