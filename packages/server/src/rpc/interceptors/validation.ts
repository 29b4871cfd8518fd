import { create, type Message } from "@bufbuild/protobuf";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { BadRequestSchema } from "@stratavore/proto/rpc";
import { invalidField } from "../../domain/errors.js";
import { nulIn } from "./nul.js";

/** Holds requests to the rules in the proto; the answer names each field, what was wrong and the rule. */
export function validationInterceptor(): Interceptor {
  const validator = createValidator();
  return (next) => async (request) => {
    if (!request.service.typeName.startsWith("stratavore.")) return await next(request);
    const check = (message: Message) => {
      const nul = nulIn(request.method.input, message);
      if (nul !== undefined) throw invalidField(nul, "text cannot hold a NUL byte");
      const result = validator.validate(request.method.input, message as never);
      if (result.kind === "valid") return;
      if (result.kind === "error") throw result.error;
      throw invalid(result.violations);
    };
    if (!request.stream) {
      check(request.message);
      return await next(request);
    }
    return await next({ ...request, message: checked(request.message, check) });
  };
}

async function* checked<T extends Message>(messages: AsyncIterable<T>, check: (message: T) => void) {
  for await (const message of messages) {
    check(message);
    yield message;
  }
}

const fieldPath = (violation: Violation) =>
  violation.field
    .map((step) =>
      "name" in step ? step.name : String("key" in step ? step.key : "index" in step ? step.index : ""),
    )
    .join(".");

function invalid(violations: readonly Violation[]): ConnectError {
  const fieldViolations = violations.map((violation) => ({
    field: fieldPath(violation),
    description: violation.message,
  }));
  const text = fieldViolations.map(({ field, description }) =>
    field ? `${field}: ${description}` : description,
  );
  const detail = create(BadRequestSchema, { fieldViolations });
  return new ConnectError(text.join("; "), Code.InvalidArgument, undefined, [
    { desc: BadRequestSchema, value: detail },
  ]);
}
