import { resolve } from "node:path";
import { create } from "@bufbuild/protobuf";
import {
  ListProjectsResponseSchema,
  type Project,
  ProjectSchema,
  ProjectStatus,
} from "@stratavore/client/node";
import { Command } from "commander";
import { asOf } from "../output/as-of.js";
import { type Column, printTable } from "../output/table.js";
import { action } from "../session.js";
import { addRuleCommand, policyCommand, removeRuleCommand, rulesCommand } from "./project-rules.js";

interface CreateOptions {
  path: string;
  description?: string;
  agent?: string;
  model?: string;
}

const columns: Column<Project>[] = [
  { title: "PROJECT", value: ({ name }) => name },
  { title: "STATUS", value: ({ status }) => (ProjectStatus[status] ?? "").toLowerCase() },
  { title: "RUNNERS", value: ({ statistics }) => String(statistics?.activeRunners ?? 0) },
  { title: "SESSIONS", value: ({ statistics }) => String(statistics?.totalSessions ?? 0) },
  { title: "TOKENS", value: ({ statistics }) => String(statistics?.totalTokensUsed ?? 0) },
  { title: "PATH", value: ({ path }) => path },
];

export const projectCommand = (): Command =>
  new Command("project")
    .description("create and list projects, and say what they answer to their agents")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rulesCommand())
    .addCommand(addRuleCommand())
    .addCommand(removeRuleCommand())
    .addCommand(policyCommand());

const createCommand = (): Command =>
  new Command("create")
    .description("make a directory a project")
    .argument("<name>", "letters, digits, dot, dash and underscore")
    .option("--path <dir>", "its directory", ".")
    .option("--description <text>", "what it is")
    .option("--agent <name>", "agent of its runners")
    .option("--model <name>", "model of its runners")
    .action(
      action(async ({ client, out, signal }, options: CreateOptions, name: string) => {
        const { description, agent, model } = options;
        const config = agent || model ? { agent, model } : undefined;
        const path = resolve(options.path);
        const project = await client.projects.create({ name, path, description, config }, { signal });
        if (out.json) out.message(ProjectSchema, project);
        else out.line(`Created project ${project.name} in ${project.path}`);
        return 0;
      }),
    );

const listCommand = (): Command =>
  new Command("list").description("list the projects").action(
    action(async ({ client, out, signal }) => {
      const asOfEventId = await asOf(out, () => client.projects.list({ limit: 1 }, { signal }));
      const projects = await Array.fromAsync(
        client.projects.all({ includeStats: true, limit: 1000 }, { signal }),
      );
      if (out.json) {
        const totalCount = projects.length;
        out.message(
          ListProjectsResponseSchema,
          create(ListProjectsResponseSchema, { projects, totalCount, asOfEventId }),
        );
      } else printTable(out, columns, projects);
      return 0;
    }),
  );
