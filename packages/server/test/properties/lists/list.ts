import type { EventType, RunnerEvent } from "@stratavore/proto";
import type { Arbitrary } from "fast-check";

/** What a request for a page says besides its filter. */
export interface PageRequest {
  limit: number;
  pageToken?: string;
  offset?: number;
}

export interface Page<Row> {
  rows: Row[];
  nextPageToken: string;
  /** Of lists that tell them. */
  totalCount?: number | undefined;
  hasMore?: boolean | undefined;
  asOfEventId?: string | undefined;
}

/** A list of the API, with what changes it. */
export interface List<Row, Filter> {
  /** What a filter must have is its first field. */
  filters: Arbitrary<Filter>;
  /** One page of what passes the filter. */
  page: (filter: Filter, request: PageRequest) => Promise<Page<Row>>;
  /** Begins with a list without rows, where they would else become too many to walk through. */
  anew?: () => Promise<void>;
  /** All rows in the order of the list, where a request without a filter does not give them. */
  everything?: () => Promise<Row[]>;
  /** Whether a row passes, as the filter's comment says and without looking at the server's code. */
  matches: (row: Row, filter: Filter) => boolean;
  idOf: (row: Row) => string;
  /** Negative if the first row comes before the second; unset if what is added changes the order of the others. */
  compare?: (one: Row, other: Row) => number;
  /** Adds rows; `n` tells apart what is added. */
  insert: (n: number) => Promise<void>;
  /** Takes a row away, or changes one; unset if nothing does. */
  disturb?: (n: number) => Promise<void>;
  /** The event with which a row comes into a list with this filter; unset for lists that are not watched. */
  added?: { filter: Filter; type: EventType; idOf: (event: RunnerEvent) => string };
}

/** No more than a page can hold; the lists of these tests are shorter. */
export const all = 1000;
