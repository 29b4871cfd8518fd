import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import {
  type ReportUsageRequestSchema,
  type ReportUsageResponse,
  type UsageReportRow,
  UsageService,
} from "@stratavore/proto";
import type { CallOptions } from "./call-options.js";
import type { ClientContext } from "./context.js";
import { everyPage } from "./pages.js";

/** What was used, and what it cost. */
export class UsageReports {
  readonly #client: Client<typeof UsageService>;

  constructor(context: ClientContext) {
    this.#client = createClient(UsageService, context.transport);
  }

  /** Usage by any of day, project, person, model, runner and session: a page of 50 rows, or `limit` up to 1000, and the total. */
  report(
    request: MessageInitShape<typeof ReportUsageRequestSchema> = {},
    options?: CallOptions,
  ): Promise<ReportUsageResponse> {
    return this.#client.reportUsage(request, options);
  }

  /** Every row of a report, page by page. */
  rows(
    request: MessageInitShape<typeof ReportUsageRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<UsageReportRow, void, undefined> {
    return everyPage(this.#client.reportUsage, (page) => page.rows, request, options);
  }
}
