// Writes the .proto files that ours import, and the standard gRPC services, into the ignored second buf module.
// They come from npm packages, so that generating needs no schema registry.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProto } from "./print-proto.mjs";

const target = fileURLToPath(new URL("../../../proto-imports", import.meta.url));
const packageFolder = (name) => fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url));

function write(path, text) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), text);
}

function copy(from, path) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(from, join(target, path));
}

rmSync(target, { recursive: true, force: true });
write("buf/validate/validate.proto", printProto(file_buf_validate_validate));
copy(
  join(packageFolder("google-gax"), "build/protos/google/rpc/error_details.proto"),
  "google/rpc/error_details.proto",
);
copy(join(packageFolder("grpc-health-check"), "proto/health/v1/health.proto"), "grpc/health/v1/health.proto");
for (const version of ["v1", "v1alpha"]) {
  const path = `grpc/reflection/${version}/reflection.proto`;
  copy(join(packageFolder("@grpc/reflection"), "build/proto", path), path);
}
