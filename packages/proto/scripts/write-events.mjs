// Writes docs/events.md from the contract and its comments.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, root } from "./buf.mjs";
import { eventsPage } from "./events-page.mjs";

writeFileSync(join(root, "docs/events.md"), eventsPage(compile()));
