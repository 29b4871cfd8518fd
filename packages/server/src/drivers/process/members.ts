import { type CarrierRow, isDead } from "./table.js";

/** What is known of a runner when its processes are looked for. */
export interface MemberQuery {
  nonce: string;
  /** The wrapper's pid once its identity is proven, else null. */
  wrapper: number | null;
  /** Processes that were found before, pid -> start time: they stay members wherever they moved. */
  known: ReadonlyMap<number, string>;
  /** pids that are no members, whatever they carry. */
  spared: ReadonlySet<number>;
}

/**
 * The live processes of a runner: its session, the carriers of its nonce, those found before, and all their
 * descendants. A session counts only while its leader proves to be the wrapper, because a pid can be used again.
 */
export function membersOf(rows: ReadonlyMap<number, CarrierRow>, query: MemberQuery): CarrierRow[] {
  const index = indexOf(rows);
  const carriers = index.byNonce.get(query.nonce) ?? [];
  const known = [...query.known].map(([pid, startTime]) => {
    const row = rows.get(pid);
    return row?.startTime === startTime ? [row] : [];
  });
  const leaders = new Set(carriers.map((row) => row.pid));
  if (query.wrapper !== null) leaders.add(query.wrapper);
  const sessions = [...leaders].map((pid) => index.bySession.get(pid) ?? []);

  const open = [carriers, ...known, ...sessions].flat();
  const members = new Map<number, CarrierRow>();
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    if (members.has(row.pid) || row.pid === process.pid) continue;
    members.set(row.pid, row);
    open.push(...(index.byParent.get(row.pid) ?? []));
  }
  return [...members.values()].filter((row) => !isDead(row) && !query.spared.has(row.pid));
}

interface Index {
  byNonce: Map<string, CarrierRow[]>;
  bySession: Map<number, CarrierRow[]>;
  byParent: Map<number, CarrierRow[]>;
}

/** A scan is shared by many runners: it is sorted once. */
const indexes = new WeakMap<ReadonlyMap<number, CarrierRow>, Index>();

function indexOf(rows: ReadonlyMap<number, CarrierRow>): Index {
  const found = indexes.get(rows);
  if (found !== undefined) return found;
  const all = [...rows.values()];
  const index = {
    byNonce: grouped(
      all.filter((row) => row.nonce !== null),
      (row) => row.nonce ?? "",
    ),
    bySession: grouped(all, (row) => row.session),
    byParent: grouped(all, (row) => row.ppid),
  };
  indexes.set(rows, index);
  return index;
}

function grouped<K>(rows: CarrierRow[], key: (row: CarrierRow) => K): Map<K, CarrierRow[]> {
  const groups = new Map<K, CarrierRow[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}
