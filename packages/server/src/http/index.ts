export { AddressFormatError, formatAddress, type ListenAddress, parseAddress } from "./address.js";
export { bearerCredential, type Credential, type CredentialProblem } from "./credential.js";
export {
  CredentialFileError,
  credentialFileName,
  ensureLocalCredential,
  type LocalCredential,
  readLocalCredential,
} from "./credential-file.js";
export { unauthenticatedError } from "./gate.js";
export { defaultLimits, type HttpLimits } from "./limits.js";
export { AddressInUseError, ListenError } from "./listen-errors.js";
export type { HttpLog } from "./log.js";
export { type RequestContext, requestContextKey, requestContextValues } from "./request-context.js";
export {
  createHttpLayer,
  type HttpLayer,
  type HttpLayerOptions,
  type Listening,
  type MountedChecks,
} from "./server.js";
export { chooseSocketPath, prepareSocketFolder, type SocketPlace } from "./socket-path.js";
export { unknownPath } from "./unknown-path.js";
