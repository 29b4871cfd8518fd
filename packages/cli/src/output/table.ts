import CliTable from "cli-table3";
import type { Output } from "./output.js";
import { shown, styled } from "./style.js";

/** A column: what it is called, what a program gets, and what a person sees where that is something else. */
export interface Column<Row> {
  title: string;
  value: (row: Row) => string;
  display?: (row: Row) => string;
}

const noBorders = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", left: "", "left-mid": "", mid: "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", "mid-mid": "", right: "" },
  ...{ "right-mid": "", middle: "  " },
};

/** Rows as a table on a terminal; elsewhere a line each, tab-separated, without a heading. */
export function printTable<Row>(out: Output, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  if (!out.terminal) {
    for (const row of rows) out.line(columns.map(({ value }) => value(row).replace(/\s+/g, " ")).join("\t"));
    return;
  }
  const table = new CliTable({
    head: columns.map(({ title }) => styled("bold", title)),
    chars: noBorders,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) table.push(columns.map((column) => (column.display ?? shownValue(column))(row)));
  out.line(table.toString());
}

const shownValue =
  <Row>({ value }: Column<Row>) =>
  (row: Row) =>
    shown(value(row));
