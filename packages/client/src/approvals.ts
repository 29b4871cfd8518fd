import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type Approval,
  ApprovalService,
  type ListApprovalsRequestSchema,
  type ListApprovalsResponse,
  type ResolveApprovalRequestSchema,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { everyPage } from "./pages.js";
import { required } from "./required.js";

/** Approvals: questions of agents that wait for an answer. */
export class Approvals {
  readonly #client: Client<typeof ApprovalService>;

  constructor(context: ClientContext) {
    this.#client = createClient(ApprovalService, context.transport);
  }

  /** A page of approvals, oldest first, by default those that wait: 50, or `limit` up to 1000. */
  list(
    request: MessageInitShape<typeof ListApprovalsRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ListApprovalsResponse> {
    return this.#client.listApprovals(request, options);
  }

  /** Every approval, page by page. */
  all(
    request: MessageInitShape<typeof ListApprovalsRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<Approval, void, undefined> {
    return everyPage(this.#client.listApprovals, (page) => page.approvals, request, options);
  }

  /** Answers one: `answer: { case: "optionId", value }` or `{ case: "allow", value }`. FAILED_PRECONDITION: answered. */
  async resolve(
    request: MessageInitShape<typeof ResolveApprovalRequestSchema>,
    options?: CallOptions,
  ): Promise<Approval> {
    return required((await this.#client.resolveApproval(request, options)).approval, "approval");
  }
}
