import type { FileDiff } from "@stratavore/client/node";
import { shown, styled } from "./style.js";

/** A change to a file as lines with - and +, without the lines that both ends share. */
export function diffLines({ path, oldText, newText }: FileDiff): string[] {
  const before = oldText === undefined ? [] : linesOf(oldText);
  const after = linesOf(newText);
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return [
    styled("bold", shown(oldText === undefined ? `${path} (new)` : path)),
    ...before.slice(head, before.length - tail).map((line) => styled("red", `- ${shown(line)}`)),
    ...after.slice(head, after.length - tail).map((line) => styled("green", `+ ${shown(line)}`)),
  ];
}

const linesOf = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
