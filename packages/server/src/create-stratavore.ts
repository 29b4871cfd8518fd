import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createRouterTransport } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { builtInProfiles, demoProfile } from "./agents/index.js";
import { type Announcement, announce, withdraw } from "./config/announce.js";
import { defaultDataDir, endpointsFolder, type StratavoreOptions } from "./config/options.js";
import { shuttingDown } from "./domain/errors.js";
import { createProcessDriver } from "./drivers/process/index.js";
import {
  bearerCredential,
  chooseSocketPath,
  createHttpLayer,
  ensureLocalCredential,
  formatAddress,
  type ListenAddress,
  prepareSocketFolder,
  requestContextValues,
  unauthenticatedError,
  unknownPath,
} from "./http/index.js";
import { Stalls } from "./rpc/components/stalls.js";
import { closingInterceptor } from "./rpc/interceptors/closing.js";
import { type CallCounts, errorInterceptor, failureReport } from "./rpc/interceptors/errors.js";
import { unheardCalls } from "./rpc/interceptors/unheard.js";
import { validationInterceptor } from "./rpc/interceptors/validation.js";
import { KeptLines } from "./rpc/logs/kept-lines.js";
import { keptLog } from "./rpc/logs/kept-log.js";
import { createRoutes, serviceNames } from "./rpc/routes.js";
import type { Services } from "./rpc/services.js";
import { SharedCalls } from "./rpc/shared-calls.js";
import { openStore, type Store } from "./store/index.js";
import type { Stratavore } from "./stratavore.js";
import { AgentCatalog } from "./supervise/agent-choice.js";
import { ApprovalAnnouncements } from "./supervise/approvals/announcements.js";
import { ApprovalDeadlines } from "./supervise/approvals/deadlines.js";
import { resumeStops } from "./supervise/external/stop.js";
import { type Log, silentLog } from "./supervise/log.js";
import { QuotaWatch } from "./supervise/quotas/watch.js";
import { Reconciler } from "./supervise/reconcile/reconciler.js";
import { UsageSampler } from "./supervise/sampler.js";
import { Supervisor } from "./supervise/supervisor.js";
import { requireNode, version } from "./version.js";

const defaultPort = 50051;
/** One message of a request; the largest that our own API takes is a message with a few megabytes of attachments. */
const readMaxBytes = 32 * 1024 * 1024;
const defaultStartTimeoutMs = 60_000;
const defaultReconcileIntervalMs = 60_000;
const defaultSampleIntervalMs = 2_000;
const defaultMaxTranscriptBytes = 64 * 1024 * 1024;

/** Where things are kept: the data directory, or a temporary folder for runners when the record is in memory. */
interface Places {
  /** Of the runners' folders and of what the demo agent keeps. */
  root: string;
  /** Begins every nonce of this data directory. */
  owner: string;
  /** Gone with the server. */
  temporary: boolean;
}

function placesOf(dataDir: string | null): Places {
  if (dataDir === null) {
    const root = mkdtempSync(join(tmpdir(), "stratavore-"));
    return { root, owner: randomBytes(6).toString("hex"), temporary: true };
  }
  const owner = createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, 12);
  return { root: dataDir, owner, temporary: false };
}

/**
 * Opens a data directory, takes up the agents that live there, and answers a server that is ready to be used.
 *
 * @throws Error when Node is too old; StoreError: `locked` when another server holds the data directory, or what else keeps it from being opened
 */
export async function createStratavore(options: StratavoreOptions = {}): Promise<Stratavore> {
  requireNode(process.versions.node);
  const environment = options.environment ?? process.env;
  const logLines = new KeptLines();
  const log = keptLog(options.log ?? silentLog, logLines);
  const dataDir = options.dataDir === null ? null : resolve(options.dataDir ?? defaultDataDir(environment));
  const store = await openStore({ dataDir });
  const places = placesOf(dataDir);
  const letGo = async () => {
    await store.close();
    if (places.temporary) await rm(places.root, { recursive: true, force: true });
  };
  const undo: Opened["undo"] = [];
  try {
    return await start({ options, environment, log, logLines, dataDir, store, places, undo, letGo });
  } catch (error) {
    for (const step of undo.reverse()) await step();
    await letGo();
    throw error;
  }
}

interface Opened {
  options: StratavoreOptions;
  environment: NodeJS.ProcessEnv;
  log: Log;
  logLines: KeptLines;
  dataDir: string | null;
  store: Store;
  places: Places;
  /** Ends what has been begun, the last first, should the start fail. */
  undo: (() => Promise<void> | void)[];
  /** Closes the store and removes what is temporary. */
  letGo: () => Promise<void>;
}

async function start(opened: Opened): Promise<Stratavore> {
  const { options, environment, log, logLines, dataDir, store, places, undo, letGo } = opened;
  const counts: CallCounts = { calls: 0, failed: 0 };
  const closing = new AbortController();
  const demo = demoProfile(join(places.root, "demo"));
  const supervisor = new Supervisor({
    store,
    driver: createProcessDriver(),
    agents: new AgentCatalog(
      [...builtInProfiles, demo, ...(options.agents ?? [])],
      options.defaultAgent ?? "",
    ),
    log,
    runnersFolder: join(places.root, "runners"),
    owner: places.owner,
    startTimeoutMs: options.startTimeoutMs ?? defaultStartTimeoutMs,
    environment,
  });
  undo.push(() => supervisor.close());
  const reconciler = new Reconciler(supervisor, options.reconcileIntervalMs ?? defaultReconcileIntervalMs);
  const quotas = new QuotaWatch(store, log);
  const stalls = new Stalls();
  undo.push(() => stalls.close());
  const sampler = new UsageSampler(store, () => supervisor.controllers(), {
    intervalMs: options.sampleIntervalMs ?? defaultSampleIntervalMs,
    seen: (runner, usage) => supervisor.heartbeats.publish(runner, usage),
    sampled: (figures) => quotas.check(figures),
  });
  undo.push(() => sampler.close());
  const deadlines = new ApprovalDeadlines(supervisor);
  undo.push(() => deadlines.close());
  const { notify } = options;
  const announcements = notify && new ApprovalAnnouncements({ store, log, notify, environment });
  undo.push(() => announcements?.close());
  const listening: ListenAddress[] = [];
  let announcement: Announcement | undefined;
  const services: Services = {
    store,
    supervisor,
    reconciler,
    sampler,
    log,
    logLines,
    counts,
    allowedRoots: options.allowedRoots ?? [],
    maxTranscriptBytes: options.maxTranscriptBytes ?? defaultMaxTranscriptBytes,
    startedAt: Date.now(),
    addresses: () => listening.map(formatAddress),
    lostAddresses: () => layer.lost().map(formatAddress),
    stalls,
    closing: closing.signal,
    openStreams: { count: 0 },
    resumes: new SharedCalls(),
    dataDir,
  };
  const report = failureReport(log, counts);
  const routes = createRoutes(
    services,
    [errorInterceptor(report, counts), closingInterceptor(closing.signal), validationInterceptor()],
    unheardCalls(log, counts),
  );
  /** Of a call that does not get as far as where calls are counted. */
  const refused = (thrown: unknown) => {
    counts.calls++;
    return report(thrown, { rpc: "", requestId: randomUUID() });
  };
  const local = dataDir === null ? undefined : await ensureLocalCredential(dataDir);
  if (local?.replaced)
    log.warn({ path: local.path }, "the local credential was replaced: others could have read it");
  const token = options.auth === "none" ? null : (local?.token ?? randomBytes(32).toString("base64url"));
  const layer = createHttpLayer({
    handler: connectNodeAdapter({
      routes,
      contextValues: requestContextValues,
      fallback: unknownPath(refused),
      shutdownSignal: closing.signal,
      readMaxBytes,
      acceptCompression: [compressionGzip, compressionBrotli],
    }),
    credential: token === null ? "none" : bearerCredential(token),
    services: serviceNames,
    unauthenticated: (problem) => refused(unauthenticatedError(problem)),
    closing: () => refused(shuttingDown()),
    allowedHosts: options.allowedHosts,
    allowedOrigins: options.allowedOrigins,
    limits: options.limits,
    mounted: { credential: options.authWhenMounted ?? false },
    log,
  });
  const { steps: reconciled } = await reconciler.run({ dryRun: false });
  for (const step of reconciled) log.info(step, "reconciled");
  supervisor.externals.start();
  resumeStops(supervisor);
  reconciler.start();
  deadlines.start();
  announcements?.start();

  async function listen(wanted?: readonly string[]) {
    const socket = dataDir === null ? null : chooseSocketPath(dataDir);
    if (socket !== null) await prepareSocketFolder(socket);
    const own = socket === null ? [] : [`unix:${socket.path}`];
    const { addresses: added } = await layer.listen(wanted ?? [`localhost:${defaultPort}`, ...own]);
    listening.push(...added);
    if (dataDir !== null) {
      const startedAt = new Date(services.startedAt).toISOString();
      announcement = { pid: process.pid, version, ...reachableBy(listening), startedAt };
      await announce(dataDir, endpointsFolder(environment), announcement);
    }
    return reachableBy(added);
  }

  async function shutDown(graceMs: number | undefined): Promise<void> {
    closing.abort(shuttingDown());
    try {
      await layer.close({ graceMs });
      await sampler.close();
      stalls.close();
      await deadlines.close();
      await announcements?.close();
      await reconciler.close();
      if (dataDir === null) await supervisor.stopAll();
      await supervisor.close();
      if (dataDir !== null && announcement !== undefined) {
        await withdraw(dataDir, endpointsFolder(environment), announcement);
      }
    } finally {
      await letGo();
    }
  }

  let closed: Promise<void> | undefined;
  const close: Stratavore["close"] = ({ graceMs } = {}) => {
    closed ??= shutDown(graceMs);
    return closed;
  };
  return {
    transport: createRouterTransport(routes),
    routes,
    handler: layer.handler,
    dataDir,
    credential: token,
    reconciled,
    listen,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const reachableBy = (addresses: readonly ListenAddress[]) => ({
  addresses: addresses.filter(({ kind }) => kind === "tcp").map(formatAddress),
  socket: addresses.find((address) => address.kind === "unix")?.path ?? null,
});
