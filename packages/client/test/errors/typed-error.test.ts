import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@stratavore/proto";
import * as google from "@stratavore/proto/rpc";
import { expect, test } from "vitest";
import { typedError } from "../../src/errors/typed-error.js";
import * as sdk from "../../src/index.js";

const classes: Record<keyof typeof Code, typeof sdk.StratavoreError> = {
  Canceled: sdk.CanceledError,
  Unknown: sdk.StratavoreError,
  InvalidArgument: sdk.InvalidArgumentError,
  DeadlineExceeded: sdk.DeadlineExceededError,
  NotFound: sdk.NotFoundError,
  AlreadyExists: sdk.AlreadyExistsError,
  PermissionDenied: sdk.PermissionDeniedError,
  ResourceExhausted: sdk.ResourceExhaustedError,
  FailedPrecondition: sdk.FailedPreconditionError,
  Aborted: sdk.AbortedError,
  OutOfRange: sdk.OutOfRangeError,
  Unimplemented: sdk.UnimplementedError,
  Internal: sdk.InternalError,
  Unavailable: sdk.UnavailableError,
  DataLoss: sdk.DataLossError,
  Unauthenticated: sdk.UnauthenticatedError,
};
const codes = Object.keys(classes) as (keyof typeof Code)[];

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

const told = (code: Code, details: Record<string, string> = {}, more: Details = []) =>
  typedError(
    new ConnectError("no", code, undefined, [
      { desc: ErrorInfoSchema, value: { code: "WHY", message: "no", details, requestId: "r1" } },
      ...more,
    ]),
  );

test.each(codes)("%s has a class of its own, which no other error is an instance of", (name) => {
  const error = told(Code[name]);
  expect(error.constructor).toBe(classes[name]);
  const isOf = (type: typeof sdk.StratavoreError) => error instanceof type;
  const others = codes.filter((other) => other !== name && other !== "Unknown");
  expect(others.filter((other) => isOf(classes[other]))).toEqual([]);
  expect(isOf(classes[name]) && isOf(sdk.StratavoreError)).toBe(true);
});

test("every code that Connect has is in the table", () => {
  expect(codes.toSorted()).toEqual(
    Object.keys(Code)
      .filter((name) => Number.isNaN(Number(name)))
      .toSorted(),
  );
});

test("it is a ConnectError as well, with all that one has", () => {
  const cause = new Error("why");
  const value = { code: "RUNNER_NOT_FOUND", requestId: "r1", details: { runner: "x" } };
  const wire = new ConnectError(
    "gone",
    Code.NotFound,
    { "x-a": "1" },
    [{ desc: ErrorInfoSchema, value }],
    cause,
  );
  const error = typedError(wire);
  expect(error).toBeInstanceOf(ConnectError);
  expect(ConnectError.from(error)).toBe(error);
  expect(typedError(error)).toBe(error);
  expect(error).toMatchObject({
    code: Code.NotFound,
    rawMessage: "gone",
    message: "[not_found] gone",
    cause,
  });
  expect(error.metadata.get("x-a")).toBe("1");
  expect(error.findDetails(ErrorInfoSchema)).toEqual([create(ErrorInfoSchema, value)]);
  expect(wire).not.toBeInstanceOf(sdk.StratavoreError);
});

test("a printed error begins with its class and message, and has the trace of where it failed", () => {
  const wire = new ConnectError("gone", Code.NotFound);
  const [first, ...trace] = inspect(typedError(wire)).split("\n");
  expect(first).toBe("NotFoundError: [not_found] gone");
  expect(trace[0]?.trim()).toBe(wire.stack?.split("\n")[1]?.trim());
});

test("reason, facts and the id of the call come from the details", () => {
  const error = told(Code.NotFound, { runner: "runner_1" });
  expect(error).toMatchObject({ reason: "WHY", facts: { runner: "runner_1" }, requestId: "r1", fields: [] });
  expect(error.retryAfterMs).toBeUndefined();
});

test("a server that is none of ours is understood by the standard details, or by its code", () => {
  const standard = typedError(
    new ConnectError("no", Code.NotFound, undefined, [
      { desc: google.ErrorInfoSchema, value: { reason: "THEIRS", metadata: { a: "b" } } },
    ]),
  );
  expect(standard).toMatchObject({ reason: "THEIRS", facts: { a: "b" }, requestId: "" });
  expect(typedError(new ConnectError("no", Code.FailedPrecondition))).toMatchObject({
    reason: "FAILED_PRECONDITION",
    facts: {},
    requestId: "",
  });
});

test("the fields to blame are named", () => {
  const fieldViolations = [
    { field: "temperature", description: "too hot" },
    { field: "", description: "give one" },
  ];
  const error = told(Code.InvalidArgument, {}, [
    { desc: google.BadRequestSchema, value: { fieldViolations } },
  ]);
  expect(error.fields).toMatchObject(fieldViolations);
});

test("a quota says whose it is, what it allows and what is used; other exhaustion is no quota", () => {
  const violations = [{ subject: "project:web", description: "no" }];
  const quota = { desc: google.QuotaFailureSchema, value: { violations } };
  const facts = { quota: "max_memory_mb", limit: "512", used: "613.5" };
  const error = told(Code.ResourceExhausted, facts, [quota]);
  expect(error).toBeInstanceOf(sdk.QuotaExceededError);
  expect(error).toBeInstanceOf(sdk.ResourceExhaustedError);
  expect(error).toMatchObject({ subject: "project:web", quota: "max_memory_mb", limit: 512, used: 613.5 });
  const bare = told(Code.ResourceExhausted, {}, [quota]);
  expect(bare).toMatchObject({ quota: "", limit: undefined, used: undefined });
  expect(told(Code.ResourceExhausted, facts)).not.toBeInstanceOf(sdk.QuotaExceededError);
});

test("a gap in the event log says where the kept events begin", () => {
  const facts = { after_event_id: "a-1", oldest_event_id: "b-7" };
  expect(told(Code.OutOfRange, facts)).toMatchObject({ afterEventId: "a-1", oldestEventId: "b-7" });
  expect(told(Code.OutOfRange)).toMatchObject({ afterEventId: undefined, oldestEventId: undefined });
});

test("a server's wish to be left alone is in milliseconds", () => {
  const retryDelay = { seconds: 2n, nanos: 500_000_000 };
  const error = told(Code.Unavailable, {}, [{ desc: google.RetryInfoSchema, value: { retryDelay } }]);
  expect(error.retryAfterMs).toBe(2500);
});

test("a message that no Stratavore server wrote gets a word on what to do; a server's stays as it is", () => {
  expect(typedError(new ConnectError("the operation timed out", Code.DeadlineExceeded)).message).toBe(
    "[deadline_exceeded] the operation timed out; give the call more time with timeoutMs",
  );
  expect(typedError(new ConnectError("", Code.Unauthenticated)).rawMessage).toContain("stratavore token");
  expect(told(Code.DeadlineExceeded).rawMessage).toBe("no");
});

test("throws that are no errors of Connect have a code too", () => {
  expect(typedError(new Error("odd"))).toMatchObject({ code: Code.Unknown, reason: "UNKNOWN" });
  expect(typedError("left", Code.Canceled)).toBeInstanceOf(sdk.CanceledError);
  expect(typedError(new ConnectError("no", 99 as Code))).toMatchObject({ code: 99, reason: "UNKNOWN" });
});
