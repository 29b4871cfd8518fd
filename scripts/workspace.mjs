// What every command of the repository does first. These files run on the machine's own Node, before anything is
// installed: they use nothing but Node.
export { build } from "./build.mjs";
export { checkNode } from "./check-node.mjs";
export { environment } from "./environment.mjs";
export { install } from "./install.mjs";
export { root } from "./root.mjs";
export { StepError } from "./step.mjs";
