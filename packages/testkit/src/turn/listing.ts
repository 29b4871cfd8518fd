import { opendir } from "node:fs/promises";

/** A folder's content, as far as it was read. */
export interface Listing {
  /** Sorted; control characters are replaced. */
  folders: string[];
  /** Sorted; control characters are replaced. */
  files: string[];
  /** Whether there was more than was read. */
  truncated: boolean;
}

const limit = 1_000;

/** Reads the names in a folder, at most 1,000. Rejects with the system's error when it cannot. */
export async function listFolder(path: string): Promise<Listing> {
  const listing: Listing = { folders: [], files: [], truncated: false };
  for await (const entry of await opendir(path)) {
    if (listing.folders.length + listing.files.length === limit) {
      listing.truncated = true;
      break;
    }
    const name = entry.name.replace(/\p{Cc}/gu, "\u{fffd}");
    (entry.isDirectory() ? listing.folders : listing.files).push(name);
  }
  listing.folders.sort();
  listing.files.sort();
  return listing;
}

/** "3 folders and 1 file". */
export function countListing({ folders, files, truncated }: Listing): string {
  const text = `${count(folders.length, "folder")} and ${count(files.length, "file")}`;
  return truncated ? `more than ${limit} entries` : text;
}

/** One name a line, folders first and marked with a slash; at most 40. */
export function printListing({ folders, files, truncated }: Listing): string {
  const names = [...folders.map((name) => `${name}/`), ...files];
  const shown = names.slice(0, 40);
  if (truncated) shown.push("... and more");
  else if (names.length > shown.length) shown.push(`... and ${names.length - shown.length} more`);
  return shown.join("\n") || "(empty)";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
