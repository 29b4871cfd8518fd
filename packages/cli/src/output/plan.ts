import type { Plan } from "@stratavore/client/node";
import { shown } from "./style.js";

const marks: Record<string, string> = { completed: "☑", in_progress: "◐" };

/** A plan as a list to tick off. */
export const planLines = ({ entries }: Plan): string[] =>
  entries.map(({ content, status }) => `${marks[status] ?? "☐"} ${shown(content)}`);
