// Fails if the contract breaks users of the last release. Before the first release there is nothing to break.
import { root } from "./buf.mjs";
import { brokenSince, lastRelease } from "./release.mjs";

const tag = lastRelease(root);
const broken = tag === undefined ? [] : brokenSince(root, tag);
if (broken.length > 0) {
  process.stderr.write(`This breaks ${tag}:\n${broken.map((line) => `  ${line}\n`).join("")}`);
  process.exitCode = 1;
}
