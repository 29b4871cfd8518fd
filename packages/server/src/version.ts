/** Version of this package; a test holds it to package.json. */
export const version = "0.1.0";

/** The oldest Node that the store's native part runs on; an older one would end without a word. */
const oldestNode = [22, 12] as const;

/** @throws Error for a Node that is too old */
export function requireNode(running: string): void {
  const [major = 0, minor = 0] = running.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(`Stratavore needs Node ${oldestNode.join(".")} or later; this is Node ${running}`);
}
