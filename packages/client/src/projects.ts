import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  type CreateProjectRequestSchema,
  type DeleteProjectRequestSchema,
  type GetProjectRequestSchema,
  type ListProjectsRequestSchema,
  type ListProjectsResponse,
  type Project,
  ProjectService,
  type UpdateProjectRequestSchema,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { everyPage } from "./pages.js";
import { required } from "./required.js";

/** Projects: working directories with their rules. */
export class Projects {
  readonly #client: Client<typeof ProjectService>;
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#client = createClient(ProjectService, context.transport);
    this.#context = context;
  }

  /** Records a project. ALREADY_EXISTS: the name is taken; FAILED_PRECONDITION: the path is no directory. */
  async create(
    request: MessageInitShape<typeof CreateProjectRequestSchema>,
    options?: CallOptions,
  ): Promise<Project> {
    const answer = await this.#client.createProject(request, options);
    for (const warning of answer.warnings) this.#context.onWarning(warning);
    return required(answer.project, "project");
  }

  /**
   * The project of that name at that path, made unless it is there; one that is there stays as it is. ALREADY_EXISTS: the
   * name is taken by a project somewhere else; FAILED_PRECONDITION: the path is no directory.
   */
  async ensure(
    request: MessageInitShape<typeof CreateProjectRequestSchema>,
    options?: CallOptions,
  ): Promise<Project> {
    try {
      return await this.create(request, options);
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code !== Code.AlreadyExists) throw error;
      const project = await this.get({ name: request.name }, options);
      if (project.path === request.path) return project;
      throw error;
    }
  }

  /** One project by its name. NOT_FOUND. */
  async get(
    request: MessageInitShape<typeof GetProjectRequestSchema>,
    options?: CallOptions,
  ): Promise<Project> {
    const answer = await this.#client.getProject(request, options);
    return required(answer.project, "project");
  }

  /** A page of projects by name: 50, or `limit` up to 1000. */
  list(
    request: MessageInitShape<typeof ListProjectsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ListProjectsResponse> {
    return this.#client.listProjects(request, options);
  }

  /** Every project, page by page. */
  all(
    request: MessageInitShape<typeof ListProjectsRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<Project, void, undefined> {
    return everyPage(this.#client.listProjects, (page) => page.projects, request, options);
  }

  /** Changes a project. NOT_FOUND; ABORTED: stale etag. */
  async update(
    request: MessageInitShape<typeof UpdateProjectRequestSchema>,
    options?: CallOptions,
  ): Promise<Project> {
    const answer = await this.#client.updateProject(request, options);
    for (const warning of answer.warnings) this.#context.onWarning(warning);
    return required(answer.project, "project");
  }

  /** Removes a project with its runners and sessions. FAILED_PRECONDITION: runners are live, without `force`. */
  async delete(
    request: MessageInitShape<typeof DeleteProjectRequestSchema>,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.deleteProject(request, options);
  }
}
