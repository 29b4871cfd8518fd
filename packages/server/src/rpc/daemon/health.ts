import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HealthCheckRequest, HealthCheckResponseSchema } from "@stratavore/proto";
import { areHealthy, checkComponents } from "../components.js";
import type { Services } from "../services.js";

/** Checks now, for this call. */
export async function healthCheck(
  services: Services,
  { component }: HealthCheckRequest,
): Promise<MessageInitShape<typeof HealthCheckResponseSchema>> {
  const components = await checkComponents(services, component);
  return { healthy: areHealthy(components), components };
}
