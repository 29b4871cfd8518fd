import { delimiter, join } from "node:path";

/**
 * The environment for what the workspace brings: its programs, Node among them, come before the machine's, and no tool
 * reports home or looks for updates.
 *
 * @param {string} root the workspace's folder
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(root) {
  return {
    ...process.env,
    PATH: [join(root, "node_modules/.bin"), process.env.PATH].filter(Boolean).join(delimiter),
    DO_NOT_TRACK: "1",
    NO_UPDATE_NOTIFIER: "1",
    TURBO_TELEMETRY_DISABLED: "1",
  };
}
