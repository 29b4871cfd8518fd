import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A cgroup v2 folder with everything one agent started. Once it is gone, it reads as empty. */
export class Cgroup {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Whether it can be made; an empty one that is left over is taken as it is. */
  static create(path: string): Cgroup | null {
    try {
      mkdirSync(path, { recursive: true });
      return new Cgroup(path);
    } catch {
      return null;
    }
  }

  /** The live members, those of groups below included. */
  pids(): number[] {
    return this.#folders().flatMap((folder) => lines(join(folder, "cgroup.procs")).map(Number));
  }

  /** Zombies do not count. */
  isEmpty(): boolean {
    return !lines(join(this.path, "cgroup.events")).includes("populated 1");
  }

  /** SIGKILL for every member at once, as far as the kernel can (5.14 and later); false when it cannot. */
  kill(): boolean {
    return this.#write("cgroup.kill", "1");
  }

  /** Resolves once the kernel has done it, or after a second. */
  async freeze(frozen: boolean): Promise<void> {
    const value = frozen ? "1" : "0";
    if (!this.#write("cgroup.freeze", value)) return;
    for (let tries = 0; tries < 200; tries++) {
      if (this.isEmpty() || lines(join(this.path, "cgroup.events")).includes(`frozen ${value}`)) return;
      await delay(5);
    }
  }

  /** CPU time of all members, past ones included; null when it cannot be read. */
  cpuSeconds(): number | null {
    const usage = lines(join(this.path, "cpu.stat")).find((line) => line.startsWith("usage_usec "));
    return usage === undefined ? null : Number(usage.slice("usage_usec ".length)) / 1e6;
  }

  /**
   * What the members have resident, each page once; null without the memory controller. `memory.current` counts files
   * that were only read too, which the kernel takes back by itself: an agent that searches a tree would seem to need it all.
   */
  memoryBytes(): number | null {
    const stat = new Map(
      lines(join(this.path, "memory.stat")).map((line) => line.split(" ") as [string, string]),
    );
    const anonymous = stat.get("anon");
    return anonymous === undefined ? null : Number(anonymous) + Number(stat.get("file_mapped") ?? 0);
  }

  /** Does nothing while there are members. */
  remove(): void {
    for (const folder of this.#folders().reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return;
      }
    }
  }

  #folders(): string[] {
    try {
      // Listing costs ten times as much as this line, and agents that make groups are rare.
      if (lines(join(this.path, "cgroup.stat")).includes("nr_descendants 0")) return [this.path];
      const below = readdirSync(this.path, { recursive: true, withFileTypes: true });
      return [
        this.path,
        ...below.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)),
      ];
    } catch {
      return [];
    }
  }

  #write(file: string, value: string): boolean {
    try {
      writeFileSync(join(this.path, file), value);
      return true;
    } catch {
      return false;
    }
  }
}

/** The daemon's own cgroup v2 folder, when groups can be made in it and processes moved there; else null. */
export function ownCgroup(): string | null {
  if (process.platform !== "linux") return null;
  const own = lines("/proc/self/cgroup").find((line) => line.startsWith("0::/"));
  // Fields of mountinfo: id, parent, device, root, mount point, options, tags..., "-", type.
  const mount = lines("/proc/self/mountinfo")
    .map((line) => line.split(" "))
    .find((fields) => fields[fields.indexOf("-") + 1] === "cgroup2");
  const root = mount?.[3];
  const point = mount?.[4];
  if (own === undefined || root === undefined || point === undefined) return null;
  const path = own.slice("0::".length);
  if (root !== "/" && path !== root && !path.startsWith(`${root}/`)) return null;
  const folder = join(unescapeMount(point), root === "/" ? path : path.slice(root.length));
  try {
    accessSync(folder, constants.W_OK);
    // Moving a process needs this right on the group that source and target share.
    accessSync(join(folder, "cgroup.procs"), constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}

function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}
