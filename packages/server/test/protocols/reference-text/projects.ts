import { expect } from "vitest";
import { type Drive, refused } from "./reader.js";

export const projects: Record<string, Drive> = {
  async CreateProject(reader) {
    const request = {
      name: "web",
      description: "The site.",
      path: reader.folder("web"),
      quota: { max_concurrent_runners: 1 },
      config: {},
      metadata: { team: "docs" },
    };
    const { project, warnings } = await reader.projects.unary("CreateProject", request);
    const { config, ...kept } = request;
    expect(project).toMatchObject({ ...kept, status: "PROJECT_STATUS_IDLE", statistics: null });
    expect(warnings).toEqual([]);
    expect(await refused(reader.projects.unary("CreateProject", request))).toBe("ALREADY_EXISTS");
    await reader.running();
    const another = reader.runners.unary("CreateRunner", { project_name: "web" });
    expect(await refused(another)).toBe("RESOURCE_EXHAUSTED");
  },

  async GetProject(reader) {
    await reader.conversation();
    expect(await reader.projects.unary("GetProject", { name: "web", include_stats: true })).toEqual({});
    expect(await refused(reader.projects.unary("GetProject", { name: "none" }))).toBe("NOT_FOUND");
    const get = reader.completed("ProjectService").unary;
    const project = { name: "web", status: "PROJECT_STATUS_ACTIVE" };
    expect(await get("GetProject", { name: "web" })).toMatchObject({
      project: { ...project, statistics: null },
    });
    const statistics = { active_runners: 1, total_runners: 1, total_sessions: 1, total_tokens_used: 120 };
    expect(await get("GetProject", { name: "web", include_stats: true })).toMatchObject({
      project: { ...project, statistics },
    });
  },

  async ListProjects(reader) {
    for (const name of ["a", "b", "c"]) await reader.project(name);
    await reader.running({ project_name: "b" });
    await reader.projects.unary("UpdateProject", { name: "c", status: "PROJECT_STATUS_ARCHIVED" });
    const list = async (request: object) => {
      const { projects, ...rest } = await reader.projects.unary("ListProjects", request);
      return { names: projects.map(({ name }: { name: string }) => name), ...rest };
    };
    expect(await list({})).toEqual({ names: ["a", "b", "c"], total_count: 3, has_more: false });
    expect(await list({ status: "PROJECT_STATUS_IDLE" })).toMatchObject({ names: ["a"], total_count: 1 });
    expect(await list({ status: "PROJECT_STATUS_ACTIVE" })).toMatchObject({ names: ["b"], total_count: 1 });
    expect(await list({ status: "PROJECT_STATUS_ARCHIVED" })).toMatchObject({ names: ["c"], total_count: 1 });
    expect(await list({ limit: 2 })).toEqual({ names: ["a", "b"], total_count: 3, has_more: true });
    expect(await list({ limit: 2, offset: 2 })).toEqual({ names: ["c"], total_count: 3, has_more: false });
    const { projects } = await reader.projects.unary("ListProjects", { include_stats: true });
    const active = projects.map(({ statistics }: { statistics: { active_runners: number } }) => statistics);
    expect(active).toMatchObject([{ active_runners: 0 }, { active_runners: 1 }, { active_runners: 0 }]);
  },

  async UpdateProject(reader) {
    await reader.project("web", { description: "old", metadata: { team: "a" } });
    const update = (more: object) => reader.projects.unary("UpdateProject", { name: "web", ...more });
    const listed = async () => (await reader.projects.unary("ListProjects", {})).projects[0];
    const changes = { description: "new", path: reader.folder("new"), metadata: { team: "b" } };
    expect(await update({ ...changes, quota: { max_concurrent_runners: 1 } })).toEqual({});
    expect(await listed()).toMatchObject({ ...changes, quota: { max_concurrent_runners: 1 } });
    expect(await update({ update_mask: { paths: ["description", "quota"] } })).toEqual({});
    expect(await listed()).toMatchObject({ ...changes, description: "" });
    expect(await refused(update({ description: "late", etag: "stale" }))).toBe("ABORTED");
    expect(await update({ status: "PROJECT_STATUS_ARCHIVED" })).toEqual({});
    const created = reader.runners.unary("CreateRunner", { project_name: "web" });
    expect(await refused(created)).toBe("FAILED_PRECONDITION");
  },

  async DeleteProject(reader) {
    await reader.project();
    const id = await reader.running();
    const remove = (more: object) => reader.projects.unary("DeleteProject", { name: "web", ...more });
    expect(await refused(remove({}))).toBe("FAILED_PRECONDITION");
    expect(await remove({ force: true })).toEqual({});
    expect(await refused(remove({}))).toBe("NOT_FOUND");
    expect(await refused(reader.runner(id))).toBe("NOT_FOUND");
    expect((await reader.projects.unary("ListProjects", {})).total_count).toBe(0);
  },
};
