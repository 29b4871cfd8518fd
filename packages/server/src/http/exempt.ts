const standardHealthCheck = "/grpc.health.v1.Health/*";

/**
 * Says which paths need no credential: the standard gRPC health check and those given, each an exact path or a
 * prefix that ends in `/*`.
 */
export function exemptPaths(patterns: readonly string[]): (url: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of [standardHealthCheck, ...patterns]) {
    if (!pattern.startsWith("/"))
      throw new TypeError(`an exempt path starts with "/", "${pattern}" does not`);
    if (pattern.endsWith("/*")) prefixes.push(pattern.slice(0, -1));
    else exact.add(pattern);
  }
  return (url) => {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    return exact.has(path) || (prefixes.some((prefix) => path.startsWith(prefix)) && !climbs(path));
  };
}

/** A handler behind us may resolve dot segments, which would lead out of an exempt folder. */
function climbs(path: string): boolean {
  return path.includes("..") || path.includes("\\") || /%(2e|2f|5c)/i.test(path);
}
