export { type AgentProfile, builtInProfiles } from "./agents/index.js";
export { defaultDataDir, endpointsFolder, type StratavoreOptions } from "./config/options.js";
export { createStratavore } from "./create-stratavore.js";
export {
  AddressFormatError,
  AddressInUseError,
  chooseSocketPath,
  type HttpLimits,
  ListenError,
  type SocketPlace,
} from "./http/index.js";
export { StoreError, type StoreErrorKind } from "./store/index.js";
export type { Stratavore, StratavoreListening } from "./stratavore.js";
export type { NotifyOptions } from "./supervise/approvals/notify-command.js";
export type { Log } from "./supervise/log.js";
export type { ReconcileStep } from "./supervise/reconcile/reconcile.js";
export { version } from "./version.js";
