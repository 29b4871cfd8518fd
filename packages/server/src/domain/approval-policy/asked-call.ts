/** A path that a call touches. */
export interface TouchedPath {
  /** Where it really is, relative to the project; empty: the project itself. Undefined: outside, or not known for sure. */
  inside: string | undefined;
  /** Each way to name it, for rules that restrict: relative to the project where it is in there, and absolute. */
  names: readonly string[];
}

/** What rules look at of a call that an agent asks for. */
export interface AskedCall {
  /** The agent's word for its kind, and the tool's name; only those that are given. */
  tools: readonly string[];
  paths: readonly TouchedPath[];
  /** Directories that it names to run in. */
  folders: readonly TouchedPath[];
  /** Command lines that it runs. */
  commands: readonly string[];
  /** What else may be a command line of it. */
  mentioned: readonly string[];
  /** It runs a command, whose own paths nobody knows. */
  runs: boolean;
  /** It names more than was looked at. */
  isUnsure: boolean;
}
