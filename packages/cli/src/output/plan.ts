import type { Plan } from "@stratavore/client/node";
import { shown } from "./style.js";

export const doneMark = "☑";

const marks: Record<string, string> = { completed: doneMark, in_progress: "◐" };

/** A plan as a list to tick off. */
export const planLines = ({ entries }: Plan): string[] =>
  entries.map(({ content, status }) => `${marks[status] ?? "☐"} ${shown(content)}`);
