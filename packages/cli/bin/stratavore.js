#!/usr/bin/env node
// Plain enough to be read by a Node that is far too old, so that it can say so.
var version = process.versions.node.split(".").map(Number);

if (version[0] > 22 || (version[0] === 22 && version[1] >= 12)) {
  import("../dist/stratavore.js");
} else {
  process.stderr.write(
    "stratavore needs Node 22.12 or newer, and this is " +
      process.versions.node +
      ": get one from https://nodejs.org\n",
  );
  process.exit(1);
}
