import type { Row } from "./row.js";
import { createProject } from "./rows/create-project.js";
import { createRunner } from "./rows/create-runner.js";
import { getMetrics, getStatus, healthCheck } from "./rows/daemon.js";
import { deleteProject } from "./rows/delete-project.js";
import { getRunner } from "./rows/get-runner.js";
import { listRunners } from "./rows/list-runners.js";
import { listSessions } from "./rows/list-sessions.js";
import { listApprovals, resolveApproval } from "./rows/own/approvals.js";
import { ownOfCreateRunner } from "./rows/own/create-runner.js";
import { ownDaemonRpcs } from "./rows/own/daemon.js";
import { pageTokens } from "./rows/own/page-tokens.js";
import { projectRequestIds, runnerRequestIds, sessionRequestIds } from "./rows/own/request-ids.js";
import { ownRunnerRpcs } from "./rows/own/runners.js";
import { searchTranscripts } from "./rows/own/search.js";
import { ownSessionRpcs } from "./rows/own/sessions.js";
import { quotaPolicies, streamEvents, transcriptPages } from "./rows/own/streams.js";
import { reportUsage } from "./rows/own/usage.js";
import { getProject, listProjects } from "./rows/project-lists.js";
import { reconcile } from "./rows/reconcile.js";
import { restartRunner } from "./rows/restart-runner.js";
import { resumeSession } from "./rows/resume-session.js";
import { createSession, getSession, getSessionTranscript } from "./rows/sessions.js";
import { deleteRunner, stopRunner } from "./rows/stop-runner.js";
import { streamRunnerEvents } from "./rows/stream-runner-events.js";
import { updateProject } from "./rows/update-project.js";
import { updateRunner } from "./rows/update-runner.js";

/** The rows of each test file here, by its name. */
export const suites = {
  "runners.test.ts": [
    ...createRunner,
    ...getRunner,
    ...listRunners,
    ...updateRunner,
    ...deleteRunner,
    ...stopRunner,
    ...restartRunner,
    ...streamRunnerEvents,
  ],
  "projects.test.ts": [...createProject, ...getProject, ...listProjects, ...updateProject, ...deleteProject],
  "sessions.test.ts": [
    ...createSession,
    ...getSession,
    ...listSessions,
    ...resumeSession,
    ...getSessionTranscript,
  ],
  "daemon.test.ts": [...getStatus, ...getMetrics, ...healthCheck, ...reconcile],
  "own-fields.test.ts": [
    ...runnerRequestIds,
    ...projectRequestIds,
    ...sessionRequestIds,
    ...pageTokens,
    ...ownOfCreateRunner,
    ...quotaPolicies,
    ...streamEvents,
    ...transcriptPages,
  ],
  "own-rpcs.test.ts": [
    ...ownRunnerRpcs,
    ...ownSessionRpcs,
    ...searchTranscripts,
    ...listApprovals,
    ...resolveApproval,
    ...ownDaemonRpcs,
    ...reportUsage,
  ],
} as const satisfies Record<string, readonly Row[]>;
