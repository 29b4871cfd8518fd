import { GetStatusResponseSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { exitCodes } from "../exit-codes.js";
import { shown, styled } from "../output/style.js";
import { age, isoTime } from "../output/words.js";
import { action } from "../session.js";

export const statusCommand = (): Command =>
  new Command("status").description("show how the daemon and its parts are; 1 if one is unhealthy").action(
    action(async ({ client, out, signal }) => {
      const answer = await client.daemon.status({ includeDetailed: true }, { signal });
      const healthy = answer.daemonStatus?.healthy === true;
      const code = healthy ? exitCodes.ok : exitCodes.failed;
      if (out.json) {
        out.message(GetStatusResponseSchema, answer);
        return code;
      }
      const { daemonStatus: daemon, systemMetrics: metrics } = answer;
      const since = out.terminal ? `up ${age(daemon?.uptime)}` : `since ${isoTime(daemon?.uptime)}`;
      out.line(`${word(healthy)}, version ${daemon?.version}, pid ${daemon?.pid}, ${since}`);
      out.line(`Addresses: ${daemon?.addresses.join(", ")}`);
      out.line(`Projects: ${daemon?.totalProjects}, live runners: ${daemon?.activeRunners}`);
      if (metrics !== undefined) {
        const { counts, memoryMb, diskMb, diskFreeMb } = metrics;
        out.line(`Sessions: ${counts?.sessions}, events: ${counts?.events}, streams: ${counts?.streams}`);
        out.line(`Memory: ${memoryMb} MiB, store: ${diskMb} MiB, free disk: ${diskFreeMb} MiB`);
      }
      for (const [name, part] of Object.entries(answer.components)) {
        out.line(`${word(part.healthy)} ${name}${part.message === "" ? "" : `: ${shown(part.message)}`}`);
      }
      return code;
    }),
  );

const word = (healthy: boolean) => (healthy ? styled("green", "healthy") : styled("red", "unhealthy"));
