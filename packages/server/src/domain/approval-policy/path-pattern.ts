import { matchesText } from "./wildcard.js";

/**
 * Whether a path is as a pattern says: `*` is any run of characters within a name, `**` as a whole name any number of
 * names, also none. A name that begins with a dot is a name like others, and no other character is special.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = namesOf(pattern);
  const names = namesOf(path);
  let [at, name] = [0, 0];
  /** Where the last `**` stands, and up to where it reaches. */
  let deep: { at: number; name: number } | undefined;
  while (name < names.length) {
    if (wanted[at] === "**") deep = { at: at++, name };
    else if (at < wanted.length && matchesText(wanted[at]!, names[name]!)) {
      at++;
      name++;
    } else if (deep !== undefined) {
      deep.name++;
      [at, name] = [deep.at + 1, deep.name];
    } else return false;
  }
  while (wanted[at] === "**") at++;
  return at === wanted.length;
}

/** A leading slash makes a first name that is empty: only a pattern that has one, or begins with `**`, matches it. */
const namesOf = (path: string): string[] =>
  path.split("/").filter((name, index) => name !== "." && (name !== "" || (index === 0 && path !== "")));
