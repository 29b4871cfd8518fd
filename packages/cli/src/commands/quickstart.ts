import { Command } from "commander";
import { action } from "../session.js";

export const quickstartCommand = (): Command => new Command("quickstart").action(action(async () => 0));
