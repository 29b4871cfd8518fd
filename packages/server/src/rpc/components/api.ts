import type { Services } from "../services.js";

/** Whether all that was opened still accepts connections. */
export async function apiProblem({
  closing,
  lostAddresses,
}: Pick<Services, "closing" | "lostAddresses">): Promise<string> {
  if (closing.aborted) return "the server is shutting down";
  const lost = lostAddresses();
  return lost.length === 0 ? "" : `no longer reachable: ${lost.join(", ")}; restart the daemon`;
}
