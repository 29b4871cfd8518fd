// npm test [-- package…]: installs, builds, runs the tests of all packages or of those named, and ends with their totals.
import { checkNode } from "./check-node.mjs";

checkNode();

// Loaded only now, because an older Node could not read it.
import("./test-workspace.mjs");
