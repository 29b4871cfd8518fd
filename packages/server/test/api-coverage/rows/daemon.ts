import { ComponentType } from "@stratavore/proto";
import { project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

const components = ["api", "daemon", "database", "events", "supervisor"];

export const getStatus: readonly Row[] = [
  row({
    rpc: "GetStatus",
    field: "include_detailed",
    unset: ["the daemon in short", [[], false]],
    set: ["each component and the machine's figures", [components, true]],
    value: { includeDetailed: true },
    async see({ daemon }, given) {
      const status = await daemon.getStatus(given);
      return [Object.keys(status.components).sort(), status.systemMetrics !== undefined];
    },
  }),
  row({
    rpc: "GetStatus",
    field: "component",
    unset: ["no component, without include_detailed", []],
    set: ["that component", ["events"]],
    value: { component: ComponentType.EVENTS },
    see: async ({ daemon }, given) => Object.keys((await daemon.getStatus(given)).components),
  }),
];

export const healthCheck: readonly Row[] = [
  row({
    rpc: "HealthCheck",
    field: "component",
    unset: ["every component", components],
    set: ["that component", ["database"]],
    value: { component: ComponentType.DATABASE },
    see: async ({ daemon }, given) => Object.keys((await daemon.healthCheck(given)).components).sort(),
  }),
];

export const getMetrics: readonly Row[] = [
  row({
    rpc: "GetMetrics",
    field: "project_name",
    unset: ["figures of every project", ["other", "web"]],
    set: ["of that project only", ["web"]],
    value: { projectName: "web" },
    async prepare(server) {
      await project(server);
      await project(server, "other");
    },
    see: async ({ daemon }, given) => Object.keys((await daemon.getMetrics(given)).projects).sort(),
  }),
];
