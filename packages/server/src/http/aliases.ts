/** Rewrites the path (with its query) of a request; what needs no rewriting comes back as it was. */
export type PathAliases = (url: string) => string;

/**
 * Answers old paths: `/stratavore.<Service>/M` and `/<Service>/M` become `/stratavore.v1.<Service>/M`.
 *
 * @param services full names, such as `stratavore.v1.RunnerService`
 */
export function pathAliases(services: Iterable<string>): PathAliases {
  const heads = new Map<string, string>();
  for (const fullName of services) {
    const parts = fullName.split(".");
    const service = parts.pop();
    const unversioned = parts.filter((part) => !/^v\d+$/.test(part));
    heads.set(`/${[...unversioned, service].join(".")}/`, `/${fullName}/`);
    heads.set(`/${service}/`, `/${fullName}/`);
  }
  return (url) => {
    const slash = url.indexOf("/", 1);
    if (slash < 0) return url;
    const head = heads.get(url.slice(0, slash + 1));
    return head === undefined ? url : head + url.slice(slash + 1);
  };
}
