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
  const isWrapper = (row: CarrierRow | undefined) =>
    row !== undefined && (row.nonce === query.nonce || row.pid === query.wrapper);
  const children = new Map<number, CarrierRow[]>();
  const open: CarrierRow[] = [];
  for (const row of rows.values()) {
    const siblings = children.get(row.ppid);
    if (siblings === undefined) children.set(row.ppid, [row]);
    else siblings.push(row);
    const isSeed =
      row.nonce === query.nonce ||
      query.known.get(row.pid) === row.startTime ||
      isWrapper(rows.get(row.session));
    if (isSeed) open.push(row);
  }
  const members = new Map<number, CarrierRow>();
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    if (members.has(row.pid) || row.pid === process.pid) continue;
    members.set(row.pid, row);
    open.push(...(children.get(row.pid) ?? []));
  }
  return [...members.values()].filter((row) => !isDead(row) && !query.spared.has(row.pid));
}
