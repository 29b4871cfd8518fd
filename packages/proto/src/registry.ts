import { createRegistry, type Registry } from "@bufbuild/protobuf";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.js";
import { file_stratavore_v1_approval_service } from "./gen/stratavore/v1/approval_service_pb.js";
import { file_stratavore_v1_daemon_service } from "./gen/stratavore/v1/daemon_service_pb.js";
import { file_stratavore_v1_error } from "./gen/stratavore/v1/error_pb.js";
import { file_stratavore_v1_event } from "./gen/stratavore/v1/event_pb.js";
import { file_stratavore_v1_project_service } from "./gen/stratavore/v1/project_service_pb.js";
import { file_stratavore_v1_runner_service } from "./gen/stratavore/v1/runner_service_pb.js";
import { file_stratavore_v1_session_service } from "./gen/stratavore/v1/session_service_pb.js";
import { file_stratavore_v1_usage_service } from "./gen/stratavore/v1/usage_service_pb.js";

/** Every message that an event payload or an error detail can be, so that `google.protobuf.Any` works in JSON. */
export const registry: Registry = createRegistry(
  file_stratavore_v1_event,
  file_stratavore_v1_error,
  file_stratavore_v1_runner_service,
  file_stratavore_v1_project_service,
  file_stratavore_v1_session_service,
  file_stratavore_v1_approval_service,
  file_stratavore_v1_daemon_service,
  file_stratavore_v1_usage_service,
  file_google_rpc_error_details,
);
