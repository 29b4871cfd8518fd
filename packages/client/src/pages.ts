import type { CallOptions } from "./call-options.js";

interface Page {
  nextPageToken: string;
}

interface PageRequest {
  pageToken?: string;
  offset?: number;
}

/** Yields the rows of every page, asking for a page when the one before it is used up. */
export async function* everyPage<Request extends PageRequest, Answer extends Page, Row>(
  list: (request: Request, options?: CallOptions) => Promise<Answer>,
  rows: (page: Answer) => Row[],
  request: Request,
  options?: CallOptions,
): AsyncGenerator<Row, void, undefined> {
  let next = request;
  for (;;) {
    const page = await list(next, options);
    yield* rows(page);
    if (page.nextPageToken === "") return;
    // An offset beside a token is refused; it has done its work on the first page.
    next = { ...request, pageToken: page.nextPageToken, ...("offset" in request ? { offset: 0 } : {}) };
  }
}
