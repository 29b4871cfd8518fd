import { version } from "@stratavore/server";
import { Command } from "commander";
import { action } from "../session.js";

export const versionCommand = (): Command =>
  new Command("version").description("show the version of this command").action(
    action(async ({ out }) => {
      if (out.json) out.value({ version, node: process.versions.node });
      else out.line(version);
      return 0;
    }),
  );
