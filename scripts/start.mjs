// npm start [-- options]: installs, builds, and shows a whole conversation; `npm start -- --help` lists the options.
import { checkNode } from "./check-node.mjs";

checkNode();

// Loaded only now, because an older Node could not read it.
import("./start-workspace.mjs");
