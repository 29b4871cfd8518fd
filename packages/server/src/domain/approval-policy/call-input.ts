import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { ToolCall } from "@stratavore/proto";

/** What a tool call says, as it says it. */
export interface CallInput {
  paths: string[];
  folders: string[];
  commands: string[];
  mentioned: string[];
  isUnsure: boolean;
}

/** Names of inputs, without what joins their words, in lower case. */
const names = (words: string) => new Set(words.split(" "));
const pathNames = names(
  "path paths filepath filepaths file files filename filenames absolutepath abspath relativepath relativeworkspacepath targetfile targetpath targetdirectory sourcepath destinationpath notebookpath directory dir folder root oldpath newpath source destination src dst dest from to uri",
);
const folderNames = names("cwd workdir workingdirectory");
/** Inputs that are maps by path. */
const mapNames = names("changes files");
const commandNames = names("command commands cmd cmds script code shellcommand commandline argv");
/** Of these a list is the words of one command; of the others, several. */
const argvNames = names("command cmd argv");
/** Text that is written or told, not looked up. */
const textNames = names(
  "content contents text oldstring newstring oldtext newtext oldstr newstr filetext inserttext body prompt description message query title",
);
const shells = names("sh bash zsh dash ksh fish");

/** What is looked at of a call; each path is looked up on disk, seen from each of the folders. */
const maxStrings = 256;
const maxFolders = 4;
const maxCommandCharacters = 128 * 1024;
const maxDepth = 16;
const maxLength = 4096;

/**
 * Collects the paths and commands that a call names, by the names that agents give their inputs. A text under any other
 * name counts as a path when it is shaped like one that could leave the project.
 */
export function readInput(call: ToolCall): CallInput {
  const found: CallInput = { paths: [], folders: [], commands: [], mentioned: [], isUnsure: false };
  for (const location of call.locations) found.paths.push(location);
  for (const { kind } of call.content) {
    if (kind.case === "fileDiff") found.paths.push(kind.value.path);
  }
  if (call.input !== undefined) walk(found, toJson(ValueSchema, call.input), "", 0);
  if (call.toolKind === "execute") found.mentioned.push(call.title.replace(/^`+|`+$/g, ""));
  const { paths, folders, commands } = found;
  if (folders.length > maxFolders || paths.length + commands.length > maxStrings) found.isUnsure = true;
  if (commands.join().length > maxCommandCharacters) found.isUnsure = true;
  return found;
}

const nameOf = (key: string) => key.replace(/[^A-Za-z0-9]/g, "").toLowerCase();

function walk(found: CallInput, value: unknown, name: string, depth: number): void {
  if (depth > maxDepth) found.isUnsure = true;
  else if (typeof value === "string") noteText(found, value, name);
  else if (Array.isArray(value)) {
    if (argvNames.has(name) && value.every((each) => typeof each === "string")) noteArgv(found, value);
    else for (const each of value) walk(found, each, typeof each === "string" ? name : "", depth + 1);
  } else if (value !== null && typeof value === "object") walkFields(found, value, name, depth);
}

function walkFields(found: CallInput, fields: object, name: string, depth: number): void {
  const { command, args } = fields as { command?: unknown; args?: unknown };
  const isSplit = typeof command === "string" && Array.isArray(args);
  if (isSplit) noteArgv(found, [command, ...args.map(String)]);
  for (const [key, value] of Object.entries(fields)) {
    if (mapNames.has(name) || couldLeave(key)) found.paths.push(key);
    const inner = nameOf(key);
    // What the agent has read out of a command that it gives as well.
    if (inner === "parsedcmd" || (isSplit && (key === "command" || key === "args"))) continue;
    walk(found, value, inner, depth + 1);
  }
}

function noteText(found: CallInput, text: string, name: string): void {
  if (commandNames.has(name)) found.commands.push(text);
  else if (folderNames.has(name)) found.folders.push(text);
  else if (pathNames.has(name) && !/^https?:\/\//i.test(text)) found.paths.push(text);
  else if (text.includes("\n")) found.paths.push(...patched(text));
  else if (!textNames.has(name) && couldLeave(text)) found.paths.push(text);
}

/** Absolute, of a person's home, or with a step up. */
const couldLeave = (text: string) =>
  text.length <= maxLength && /^(\/|~|file:)|(^|\/)\.\.(\/|$)/.test(text) && !text.includes("\n");

/** The files that a patch in the shape of `*** Update File: path` is about. */
const patched = (text: string): string[] =>
  [...text.matchAll(/^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm)].map((match) =>
    match[1]!.trim(),
  );

function noteArgv(found: CallInput, argv: readonly string[]): void {
  const [program = "", option = "", script] = argv;
  const isScript = argv.length === 3 && shells.has(program.replace(/^.*\//, "")) && /^-[a-z]*c$/.test(option);
  found.commands.push(isScript ? script! : argv.map(quoted).join(" "));
  found.mentioned.push(argv.join(" "));
}

const quoted = (word: string) =>
  /^[A-Za-z0-9_\-+=:,./@%*?~^]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
