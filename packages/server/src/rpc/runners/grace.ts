import { defaultGraceMs } from "../../supervise/grace.js";

/** `timeout_seconds` of a stop, in milliseconds; 0 is the default. */
export const graceMsOf = (timeoutSeconds: number): number => timeoutSeconds * 1000 || defaultGraceMs;
