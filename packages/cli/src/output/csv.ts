/** A line of CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula begins with an apostrophe. */
export const csvLine = (cells: readonly (string | bigint)[]): string => `${cells.map(cellOf).join(",")}\r\n`;

function cellOf(cell: string | bigint): string {
  if (typeof cell === "bigint") return String(cell);
  const text = /^[=+\-@\t\r\n|%]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
