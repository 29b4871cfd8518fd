import { text } from "node:stream/consumers";
import { usageError } from "./exit-codes.js";

/** Words of the command line as one text; a single `-` stands for what comes on standard input. */
export async function textFrom(words: readonly string[]): Promise<string> {
  const given = words.length === 1 && words[0] === "-" ? await text(process.stdin) : words.join(" ");
  if (words.length > 0 && given.trim() === "") throw usageError("the text is empty");
  return given;
}
