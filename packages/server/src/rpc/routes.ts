import type { DescFile, DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, Interceptor, ServiceImpl } from "@connectrpc/connect";
import {
  ApprovalService,
  DaemonService,
  file_stratavore_v1_approval_service,
  file_stratavore_v1_daemon_service,
  file_stratavore_v1_event,
  file_stratavore_v1_project_service,
  file_stratavore_v1_runner_service,
  file_stratavore_v1_session_service,
  file_stratavore_v1_usage_service,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import { health, reflectionV1, reflectionV1Alpha } from "@stratavore/proto/grpc";
import { registry } from "@stratavore/proto/registry";
import { approvalService } from "./approvals.js";
import { daemonService } from "./daemon.js";
import { intercepted } from "./intercepted.js";
import { projectService } from "./projects.js";
import { runnerService } from "./runners.js";
import type { Services } from "./services.js";
import { sessionService } from "./sessions.js";
import { healthService } from "./standard/health.js";
import { reflectionService } from "./standard/reflection.js";
import { usageService } from "./usage.js";

const ownServices: readonly DescService[] = [
  RunnerService,
  ProjectService,
  SessionService,
  ApprovalService,
  DaemonService,
  UsageService,
];

/** Full names of our services; they are also answered without version and without package. */
export const serviceNames: readonly string[] = ownServices.map(({ typeName }) => typeName);

/** What reflection tells of; the events' file brings the payloads. */
const files: readonly DescFile[] = [
  file_stratavore_v1_runner_service,
  file_stratavore_v1_project_service,
  file_stratavore_v1_session_service,
  file_stratavore_v1_approval_service,
  file_stratavore_v1_daemon_service,
  file_stratavore_v1_usage_service,
  file_stratavore_v1_event,
  health.file_grpc_health_v1_health,
  reflectionV1.file_grpc_reflection_v1_reflection,
  reflectionV1Alpha.file_grpc_reflection_v1alpha_reflection,
];

/**
 * - JSON of an event is only whole for who knows the types of the payloads.
 * - A name that is not known is refused, as a filter or a `force` that was misspelt must not be as good as not given.
 * - Bytes that are no UTF-8 are refused rather than stored as something else.
 */
const jsonOptions = {
  registry,
  ignoreUnknownFields: false,
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};

/**
 * The services, as plain Connect routes that any adapter can serve; they bring their own interceptors, and the gate that
 * each call passes before its request is read.
 */
export function createRoutes(
  services: Services,
  interceptors: readonly Interceptor[],
  requestGate: (context: HandlerContext) => void,
): (router: ConnectRouter) => void {
  const reflection = reflectionService(files);
  const healthCheck = healthService(services, serviceNames);
  const options = { jsonOptions, requestGate };
  return (router) => {
    const serve = <Service extends DescService>(service: Service, implementation: ServiceImpl<Service>) =>
      router.service(service, intercepted(service, implementation, interceptors), options);
    serve(RunnerService, runnerService(services));
    serve(ProjectService, projectService(services));
    serve(SessionService, sessionService(services));
    serve(ApprovalService, approvalService(services));
    serve(DaemonService, daemonService(services));
    serve(UsageService, usageService(services));
    serve(health.Health, healthCheck);
    router.service(reflectionV1.ServerReflection, reflection);
    router.service(reflectionV1Alpha.ServerReflection, reflection);
  };
}
