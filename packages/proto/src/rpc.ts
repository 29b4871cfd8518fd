// Details that google.rpc defines for failed calls.
export * from "./gen/google/rpc/error_details_pb.js";
