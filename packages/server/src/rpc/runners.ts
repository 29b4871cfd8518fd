import type { ServiceImpl } from "@connectrpc/connect";
import { type RunnerService, RunnerStatus } from "@stratavore/proto";
import { eventId } from "../domain/events.js";
import { runnerById } from "../domain/runners.js";
import { runnerMessage } from "../domain/views/runner.js";
import { sessionMessage } from "../domain/views/session.js";
import { isRowKey, keyOf, limitOf, tokenOf } from "./paging.js";
import { listAgents } from "./runners/agents.js";
import { runnerChanges } from "./runners/changes.js";
import { createRunner } from "./runners/create.js";
import { heartbeat } from "./runners/external.js";
import { factsOf, metricsOf } from "./runners/facts.js";
import { restartRunner } from "./runners/restart.js";
import { stopRunner } from "./runners/stop.js";
import type { Services } from "./services.js";
import { streamEvents } from "./streams/events.js";
import { openStream } from "./streams/open-stream.js";

export function runnerService(services: Services): ServiceImpl<typeof RunnerService> {
  const { store, supervisor, closing } = services;

  return {
    ...runnerChanges(services),

    createRunner: (request, context) => createRunner(services, request, context),

    getRunner: ({ runnerId, includeMetrics, includeSession }) =>
      store.snapshot((read) => {
        const row = runnerById(read, runnerId);
        const session =
          includeSession && row.sessionId !== null ? read.sessions.byId(row.sessionId) : undefined;
        return {
          runner: runnerMessage(row, factsOf(services, row)),
          metrics: includeMetrics ? metricsOf(services, row) : undefined,
          session: session && sessionMessage(session, read.turns.latest(session.id)),
          asOfEventId: eventId(store.epoch, read.events.head()),
        };
      }),

    listRunners: ({ projectName, status, limit, offset, includeMetrics, metadataFilter, pageToken }) =>
      store.snapshot((read) => {
        const size = limitOf(limit);
        const page = read.runners.list({
          projectName: projectName || undefined,
          statuses: status === RunnerStatus.UNSPECIFIED ? undefined : [status],
          metadata: metadataFilter,
          limit: size + 1,
          offset,
          afterKey: keyOf(pageToken, isRowKey),
        });
        const rows = page.rows.slice(0, size);
        const hasMore = page.rows.length > size;
        const last = rows.at(-1);
        return {
          runners: rows.map((row) => {
            const { pid, resourceUsage, lastSeen } = factsOf(services, row);
            return runnerMessage(row, {
              pid,
              lastSeen,
              resourceUsage: includeMetrics ? resourceUsage : undefined,
            });
          }),
          totalCount: page.total,
          hasMore,
          nextPageToken: hasMore && last ? tokenOf({ createdAt: last.createdAt, id: last.id }) : "",
          asOfEventId: eventId(store.epoch, read.events.head()),
          metrics: includeMetrics
            ? Object.fromEntries(rows.map((row) => [row.id, metricsOf(services, row)]))
            : {},
        };
      }),

    stopRunner: (request, context) => stopRunner(services, request, context),

    restartRunner: (request, context) => restartRunner(services, request, context),

    heartbeat: (request) => heartbeat(services, request),

    async waitRunner({ runnerId, statuses }, { signal }) {
      const wanted = statuses.length > 0 ? statuses : [RunnerStatus.TERMINATED, RunnerStatus.FAILED];
      const ending = AbortSignal.any([signal, closing]);
      const row = await supervisor.inState(runnerId, ({ status }) => wanted.includes(status), ending);
      return { runner: runnerMessage(row, factsOf(services, row)) };
    },

    listAgents: (request) => listAgents(services, request),

    streamRunnerEvents: (request, { signal }) =>
      openStream(services, signal, (ending) => streamEvents(services, request, ending)),
  };
}
