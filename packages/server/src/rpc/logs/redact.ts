/** Stands where a secret was. */
export const redacted = "[redacted]";

/** Names under which secrets are kept, also as a part of a longer name. */
const secretName =
  /authorization|token|passw(?:or)?d|passphrase|pass(?![a-z])|secret|credential|cookie|api[-_. ]?key|(?:private|access|signing)[-_. ]?key/i;

/** Things that are secrets wherever they stand. Each reads a text once, however it is made. */
const secretValues: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
  /\beyJ[\w-]{8,}(?:\.[\w-]+)+/g,
  /\b(?:sk|pk|rk)[-_](?:[\w-]{16,})/g,
  /\b(?:gh[opusr]|github_pat|glpat|xox[abeoprs])[-_][\w-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
];

/** What follows one of these is one: the scheme of a header, `name=value` or `"name": "value"`, a password in a URL. A number is a count. */
const afterScheme = /\b([Bb]earer[ \t]+|Basic[ \t]+(?=[A-Za-z0-9+/=]{8}))[^\s"',;`]+/g;
const afterName =
  /((?:authorization|token|passw(?:or)?d|passphrase|pass(?![a-z])|secret|credential|cookie|api[-_]?key|(?:private|access|signing)[-_]?key)[\w-]{0,20}["']?(?:=|:[ \t]*)["']?)(?!\[redacted\]|[\d.]+(?![\w-]))[^\s"',;&`]+/gi;
const inUrl = /(:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,500}@/g;

/** Whether what has this name is left out, whatever it is. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** A text without what looks like a secret in it. */
export function withoutSecrets(text: string): string {
  let rest = text;
  for (const pattern of secretValues) rest = rest.replace(pattern, redacted);
  return rest
    .replace(afterScheme, `$1${redacted}`)
    .replace(afterName, `$1${redacted}`)
    .replace(inUrl, `$1${redacted}@`);
}
