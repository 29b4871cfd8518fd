import { type Client, createClient as createServiceClient, type Transport } from "@connectrpc/connect";
import {
  ApprovalService,
  DaemonService,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import { Approvals } from "./approvals.js";
import type { ClientContext, WarningListener } from "./context.js";
import { Daemon } from "./daemon.js";
import { Projects } from "./projects.js";
import { type RetryOptions, resilientTransport } from "./resilient-transport.js";
import { Runners } from "./runners.js";
import { Sessions } from "./sessions.js";
import { UsageReports } from "./usage.js";

/** What the clients of every runtime take. */
export interface CommonOptions {
  /** Repeats of calls that fail with UNAVAILABLE and are safe to repeat. Default: on; `false`: each call is tried once. */
  retry?: RetryOptions | false;
  /** Hears the warnings of answers. Default: `process.emitWarning` in Node, `console.warn` elsewhere. */
  onWarning?: WarningListener;
}

/** How to reach the services. */
export interface TransportOptions extends CommonOptions {
  /** Any transport of Connect, for example one inside this process. */
  transport: Transport;
  /** Ends what the transport holds open. */
  closeTransport?: () => void;
}

/** The generated clients: requests and answers whole, with the same repeats and `request_id`s. */
export interface RawClients {
  readonly projects: Client<typeof ProjectService>;
  readonly runners: Client<typeof RunnerService>;
  readonly sessions: Client<typeof SessionService>;
  readonly approvals: Client<typeof ApprovalService>;
  readonly daemon: Client<typeof DaemonService>;
  readonly usage: Client<typeof UsageService>;
}

/** A client of one Stratavore daemon. Failed calls throw a `StratavoreError`. */
export interface StratavoreClient extends AsyncDisposable {
  readonly projects: Projects;
  readonly runners: Runners;
  readonly sessions: Sessions;
  readonly approvals: Approvals;
  readonly daemon: Daemon;
  readonly usage: UsageReports;
  readonly raw: RawClients;
  /** Ends its connections and streams; what is in flight fails with CANCELLED, as does every later call. */
  close(): Promise<void>;
}

/** Creates a client over a transport. Nothing is connected before the first call. */
export function createClient(options: TransportOptions): StratavoreClient {
  const closing = new AbortController();
  const transport = resilientTransport(options.transport, closing.signal, options.retry);
  const onWarning = options.onWarning ?? ((warning) => console.warn(`stratavore: ${warning}`));
  const context: ClientContext = { transport, closed: closing.signal, onWarning };
  const close = async () => {
    closing.abort();
    options.closeTransport?.();
  };
  return {
    projects: new Projects(context),
    runners: new Runners(context),
    sessions: new Sessions(context),
    approvals: new Approvals(context),
    daemon: new Daemon(context),
    usage: new UsageReports(context),
    raw: {
      projects: createServiceClient(ProjectService, transport),
      runners: createServiceClient(RunnerService, transport),
      sessions: createServiceClient(SessionService, transport),
      approvals: createServiceClient(ApprovalService, transport),
      daemon: createServiceClient(DaemonService, transport),
      usage: createServiceClient(UsageService, transport),
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
