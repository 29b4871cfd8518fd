/** A line that is committed as to be written. */
export interface OutboxLine {
  id: number;
  text: string;
}

/** The lines to an agent that are not known to be written: part of the stored state, so that a later daemon writes them. */
export interface StoredOutbox {
  nextId: number;
  lines: OutboxLine[];
}

export const emptyOutbox = (): StoredOutbox => ({ nextId: 1, lines: [] });

/** Adds lines, to be written once they are committed. */
export function post(outbox: StoredOutbox, texts: readonly string[]): OutboxLine[] {
  const lines = texts.map((text) => ({ id: outbox.nextId++, text }));
  outbox.lines.push(...lines);
  return lines;
}

/** Removes what has been written. */
export function strike(outbox: StoredOutbox, written: ReadonlySet<number>): void {
  if (written.size > 0) outbox.lines = outbox.lines.filter(({ id }) => !written.has(id));
}
