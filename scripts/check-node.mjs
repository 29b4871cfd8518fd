// Plain enough to be read by a Node that is far too old, so that it can say so.

/** Least major version of Node that can install and build; what was built runs on the Node that the install brings. */
export const leastNode = 20;

/**
 * The sentence for a Node that is too old; undefined if it is new enough.
 *
 * @param {string} version
 */
export function complaintAbout(version) {
  if (Number(version.split(".")[0]) >= leastNode) return undefined;
  return `Stratavore needs Node ${leastNode} or newer, and this is ${version}: get one from https://nodejs.org`;
}

/** Ends the process with that sentence and exit code 1 if Node is too old. */
export function checkNode(version = process.versions.node) {
  const complaint = complaintAbout(version);
  if (complaint === undefined) return;
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}
