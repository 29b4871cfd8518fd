import { folded, literalOf, matchesText, textMatcher } from "./wildcard.js";

/** What makes a shell do more, or with other files, than the first word says. */
const compound = /[;&|<>`\r\n\0]|\$\(|^\s*[({]/;
/** Longer ones are not taken apart: a rule that restricts holds for them. */
const maxLength = 64 * 1024;

/** Whether an ALLOW rule's pattern covers a command line: all of it, and a compound one only word for word. */
export function allowsCommand(pattern: string, line: string): boolean {
  if (pattern === line || literalOf(pattern) === line) return true;
  return !compound.test(line) && line.length <= maxLength && matchesText(pattern, line.trim());
}

/**
 * Whether the pattern of a rule that restricts is met by a command line or any part of it: of a list, a pipeline, a
 * substitution, or what a word such as `sudo` is given to run. It is met by what is too much to be taken apart.
 */
export function restrictsCommand(pattern: string, line: string): boolean {
  if (line.length > maxLength) return true;
  const wanted = spaced(folded(pattern));
  const isCompound = compound.test(wanted);
  const starts = startsIn(line, isCompound);
  return starts === undefined || starts.some(textMatcher(wanted));
}

/** What was found last: a policy has many rules for the lines of one call. */
const known = new Map<string, string[] | undefined>();
const maxKnown = 8;

/** All that could be a command in a line; for a compound pattern also what could be several. Undefined: too much. */
function startsIn(line: string, isCompound: boolean): string[] | undefined {
  const key = `${isCompound} ${line}`;
  if (known.has(key)) return known.get(key);
  const text = folded(line).replace(/\\\r?\n/g, " ");
  const ranges = isCompound ? rangesOf(text) : [];
  const starts = new Set<string>();
  let isTooMuch = ranges === undefined;
  for (const part of new Set([...simpleParts(text), ...(ranges ?? [])])) {
    const found = startsOf(part);
    if (found === undefined) isTooMuch = true;
    for (const start of found ?? []) starts.add(start);
  }
  if (known.size >= maxKnown) known.clear();
  known.set(key, isTooMuch ? undefined : [...starts]);
  return known.get(key);
}

const spaced = (text: string) => text.replace(/\s+/g, " ").trim();

const separators = [/[;&\r\n]+/, /[;&|\r\n]+/, /[;&|<>\r\n]+/, /[;&|<>\r\n`(){}$]+/, /[;&|<>\r\n`(){}$'"]+/];
/** The number of what is redirected. */
const descriptors = /(\s)\d+(?=[<>])/g;

/** Everything in a command line that could be a command of its own. */
const simpleParts = (text: string): string[] => {
  const plain = text.replace(descriptors, "$1");
  return separators.flatMap((separator) => plain.split(separator));
};

const maxRanges = 64;

/** What begins at some command and ends with the same or a later one; undefined: too many. */
function rangesOf(text: string): string[] | undefined {
  const cuts = [...text.matchAll(/[;&\r\n]+/g)].map(({ index, 0: cut }) => ({
    index,
    end: index + cut.length,
  }));
  if (cuts.length > maxRanges) return undefined;
  const starts = [0, ...cuts.map(({ end }) => end)];
  const ends = [...cuts.map(({ index }) => index), text.length];
  return starts.flatMap((start) => ends.filter((end) => end > start).map((end) => text.slice(start, end)));
}

const maxWords = 256;

/** Words that run the rest of their line, or stand before a command. */
const before = new Set(
  "sudo doas env command exec builtin eval nohup time nice ionice setsid stdbuf timeout xargs watch busybox sh bash zsh dash ksh if then elif else while until do ! [".split(
    " ",
  ),
);

/** A command as it is, without what quotes it, and from where else it could be said to begin; undefined: too long. */
function startsOf(part: string): string[] | undefined {
  const plain = spaced(part);
  const starts: string[] = [];
  for (const each of new Set([plain, plain.replace(/['"\\]/g, "").trim()])) {
    const words = each.split(" ");
    const first = words[0]!.replace(/^.*\//, "");
    const isBefore = before.has(first) || /^[a-z_][a-z0-9_]*\+?=/.test(first) || /^\d*[<>]/.test(words[0]!);
    if (isBefore && words.length > maxWords) return undefined;
    // What stands before it has options of its own: each word may begin what is run.
    const rests = isBefore ? words.map((_, from) => words.slice(from).join(" ")) : [each];
    // `/bin/rm` is `rm`.
    for (const rest of rests) starts.push(rest, rest.replace(/^\S*\//, ""));
  }
  return starts;
}
