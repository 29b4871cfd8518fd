export { type AgentProfile, builtInProfiles } from "./agents/index.js";
export { defaultDataDir, type StratavoreOptions } from "./config/options.js";
export { createStratavore } from "./create-stratavore.js";
export { AddressFormatError, AddressInUseError, type HttpLimits, ListenError } from "./http/index.js";
export { StoreError, type StoreErrorKind } from "./store/index.js";
export type { Stratavore, StratavoreListening } from "./stratavore.js";
export type { Log } from "./supervise/log.js";
export type { ReconcileStep } from "./supervise/reconcile/reconcile.js";
export { version } from "./version.js";
