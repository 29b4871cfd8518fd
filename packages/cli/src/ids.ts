import type { StratavoreClient } from "@stratavore/client/node";
import { CliError, exitCodes, usageError } from "./exit-codes.js";

type Kind = "runner" | "session" | "approval";

export interface FoundId {
  kind: Kind;
  id: string;
}

const wholeId = /^(runner|session|approval)_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const pageSize = 1000;

const everyId: Record<Kind, (client: StratavoreClient) => AsyncIterable<{ id: string }>> = {
  runner: (client) => client.runners.all({ limit: pageSize }),
  session: (client) => client.sessions.all({ limit: pageSize }),
  approval: (client) => client.approvals.all({ limit: pageSize }),
};

/**
 * The id that a person means by its beginning or its end, of one of the given kinds. A whole id is taken as it is.
 *
 * @throws CliError: none, or more than one, is meant
 */
export async function findId(
  client: StratavoreClient,
  kinds: readonly Kind[],
  given: string,
): Promise<FoundId> {
  if (given === "") throw usageError(`the id of a ${kinds.join(" or ")} cannot be empty`);
  const kind = kinds.find((each) => wholeId.test(given) && given.startsWith(`${each}_`));
  if (kind !== undefined) return { kind, id: given };
  const found: FoundId[] = [];
  for (const each of kinds) {
    for await (const { id } of everyId[each](client)) {
      if (isMeant(id, given)) found.push({ kind: each, id });
    }
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CliError(`there is no ${kinds.join(" or ")} ${given}`, exitCodes.notFound);
  }
  if (others.length === 0) return first;
  const some = found.slice(0, 5).map(({ id }) => id);
  throw usageError(
    `"${given}" can be any of ${found.length}: ${some.join(", ")}${found.length > 5 ? ", …" : ""}`,
  );
}

const isMeant = (id: string, given: string) =>
  id.startsWith(given) || id.endsWith(given) || id.slice(id.indexOf("_") + 1).startsWith(given);
