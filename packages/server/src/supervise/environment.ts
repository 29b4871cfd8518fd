import { readFile } from "node:fs/promises";
import type { EnvironmentValue } from "@stratavore/proto";
import { failedPrecondition, invalidField } from "../domain/errors.js";

/** What every agent inherits: who and where the user is, how to reach the network, and nothing secret. */
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "TZ",
  "TERM",
  "TMPDIR",
  "XDG_*",
  "SSH_AUTH_SOCK",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Names with which a caller could make the agent's program, its loader or a shell run something else. */
const forbidden = [
  /^LD_/,
  /^DYLD_/,
  /^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|NODE_OPTIONS|PYTHONSTARTUP)$/,
  /^STRATAVORE_/,
];

/** Shell functions that bash exports have names that no other program takes. */
const isName = (name: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

const matches = (pattern: string, name: string) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** The part of an environment that an agent inherits. */
export function inheritedEnvironment(
  source: NodeJS.ProcessEnv,
  patterns: readonly string[] = [],
): Record<string, string> {
  const all = [...inherited, ...patterns];
  const entries = Object.entries(source).filter(
    ([name, value]) => value !== undefined && isName(name) && all.some((pattern) => matches(pattern, name)),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

/** @throws DomainError invalid_argument for a name that must not be set */
export function checkEnvironmentNames(names: Iterable<string>, field: string): void {
  for (const name of names) {
    if (forbidden.some((pattern) => pattern.test(name))) {
      throw invalidField(`${field}["${name}"]`, "this variable cannot be set for an agent");
    }
  }
}

/**
 * The values that a caller gave, read where they point. Secrets are read at each start and stored nowhere.
 *
 * @throws DomainError failed_precondition naming the variable whose reference leads nowhere
 */
export async function readEnvironment(
  values: Readonly<Record<string, EnvironmentValue>>,
  source: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, { source: from }] of Object.entries(values)) {
    if (from.case === "plain") result[name] = from.value;
    if (from.case === "inherit" && from.value && source[name] !== undefined) result[name] = source[name];
    if (from.case === "secret") result[name] = await readSecret(name, from.value, source);
  }
  return result;
}

async function readSecret(name: string, reference: string, source: NodeJS.ProcessEnv): Promise<string> {
  const missing = (why: string) =>
    failedPrecondition("SECRET_UNREADABLE", `the secret for ${name} cannot be read: ${why}`, {
      variable: name,
    });
  if (reference.startsWith("env:")) {
    const value = source[reference.slice("env:".length)];
    if (value === undefined)
      throw missing(`the daemon's environment has no ${reference.slice("env:".length)}`);
    return value;
  }
  try {
    return (await readFile(reference.slice("file:".length), "utf8")).trimEnd();
  } catch {
    throw missing("its file cannot be read");
  }
}
