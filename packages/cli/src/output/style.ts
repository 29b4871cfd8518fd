import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Text in a style, if standard output is a terminal that shows colours and NO_COLOR is not set. */
export const styled = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout });

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What an agent or a caller wrote, without what would steer a terminal; as it is where the output is none. */
export function shown(text: string): string {
  return process.stdout.isTTY ? stripVTControlCharacters(text).replace(controls, "") : text;
}
