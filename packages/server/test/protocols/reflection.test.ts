import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { reflectionV1, reflectionV1Alpha } from "@stratavore/proto/grpc";
import { describe, expect, test } from "vitest";
import { failureOf } from "../rpc/fixture/failure.js";
import { open, type Reached, reached } from "../rpc/fixture/stratavore.js";

type Question = reflectionV1.ServerReflectionRequest["messageRequest"];

const versions = { v1: reflectionV1.ServerReflection, v1alpha: reflectionV1Alpha.ServerReflection };

/** Asks all questions on one stream, each after the answer to the one before. */
async function ask({ url, token }: Reached, version: keyof typeof versions, ...questions: Question[]) {
  const client = createClient(
    versions[version] as typeof reflectionV1.ServerReflection,
    createGrpcTransport({ baseUrl: url }),
  );
  let answered = () => {};
  async function* requests() {
    for (const messageRequest of questions) {
      const next = new Promise<void>((resolve) => {
        answered = resolve;
      });
      yield { host: "here", messageRequest };
      await next;
    }
  }
  const answers = [];
  const headers = { authorization: `Bearer ${token}` };
  for await (const { messageResponse, originalRequest, validHost } of client.serverReflectionInfo(
    requests(),
    { headers },
  )) {
    expect(validHost).toBe("here");
    expect(originalRequest?.messageRequest.case).toBe(questions[answers.length]!.case);
    answers.push(messageResponse);
    answered();
  }
  return answers;
}

const filesIn = (answer: reflectionV1.ServerReflectionResponse["messageResponse"]): string[] => {
  if (answer.case !== "fileDescriptorResponse") throw new Error(`the answer is ${answer.case}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
};

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  test("lists every service", async () => {
    const there = await reached(await open());
    const [answer] = await ask(there, version, { case: "listServices", value: "" });
    if (answer?.case !== "listServicesResponse") throw new Error(`the answer is ${answer?.case}`);
    expect(answer.value.service.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "stratavore.v1.ApprovalService",
      "stratavore.v1.DaemonService",
      "stratavore.v1.ProjectService",
      "stratavore.v1.RunnerService",
      "stratavore.v1.SessionService",
      "stratavore.v1.UsageService",
    ]);
  });

  test("gives the file of a symbol with all that it imports, the file itself first", async () => {
    const there = await reached(await open());
    const symbols = [
      "stratavore.v1.RunnerService",
      "stratavore.v1.RunnerService.CreateRunner",
      "stratavore.v1.CreateRunnerRequest",
      "stratavore.v1.CreateRunnerRequest.runtime_id",
    ];
    const answers = await ask(
      there,
      version,
      ...symbols.map((value) => ({ case: "fileContainingSymbol" as const, value })),
    );
    for (const answer of answers) {
      const files = filesIn(answer);
      expect(files[0]).toBe("stratavore/v1/runner_service.proto");
      expect(files).toContain("buf/validate/validate.proto");
      expect(files).toContain("google/protobuf/descriptor.proto");
      expect(new Set(files).size).toBe(files.length);
    }
    const [event, enumeration, byName] = await ask(
      there,
      version,
      { case: "fileContainingSymbol", value: "stratavore.v1.RunnerStarted" },
      { case: "fileContainingSymbol", value: "stratavore.v1.RunnerStatus" },
      { case: "fileByFilename", value: "stratavore/v1/usage.proto" },
    );
    expect(filesIn(event!)[0]).toBe("stratavore/v1/event.proto");
    expect(filesIn(enumeration!)[0]).toBe("stratavore/v1/runner.proto");
    expect(filesIn(byName!)).toEqual(["stratavore/v1/usage.proto"]);
  });

  test("answers for an enum's value by the scope that it has: beside its enum", async () => {
    const there = await reached(await open());
    const [answer] = await ask(there, version, {
      case: "fileContainingSymbol",
      value: "stratavore.v1.RUNNER_STATUS_RUNNING",
    });
    expect(filesIn(answer!)[0]).toBe("stratavore/v1/runner.proto");
  });

  test("finds extensions by number", async () => {
    const there = await reached(await open());
    const containingType = "google.protobuf.FieldOptions";
    const [known, numbers, unknown, none] = await ask(
      there,
      version,
      {
        case: "fileContainingExtension",
        value: { $typeName: "grpc.reflection.v1.ExtensionRequest", containingType, extensionNumber: 1159 },
      },
      { case: "allExtensionNumbersOfType", value: containingType },
      {
        case: "fileContainingExtension",
        value: { $typeName: "grpc.reflection.v1.ExtensionRequest", containingType, extensionNumber: 7 },
      },
      { case: "allExtensionNumbersOfType", value: "stratavore.v1.Runner" },
    );
    expect(filesIn(known!)[0]).toBe("buf/validate/validate.proto");
    expect(numbers).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { baseTypeName: containingType, extensionNumber: [1159, 1160] },
    });
    expect(unknown).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
    expect(none).toMatchObject({ case: "allExtensionNumbersResponse", value: { extensionNumber: [] } });
  });

  test("says of each unknown name that it is unknown, and goes on", async () => {
    const there = await reached(await open());
    const answers = await ask(
      there,
      version,
      { case: "fileContainingSymbol", value: "stratavore.v1.Nothing" },
      { case: "fileByFilename", value: "nothing.proto" },
      { case: "allExtensionNumbersOfType", value: "stratavore.v1.Nothing" },
      { case: undefined },
      { case: "listServices", value: "" },
    );
    expect(answers.map(({ case: kind }) => kind)).toEqual([
      ...Array(4).fill("errorResponse"),
      "listServicesResponse",
    ]);
    const codes = answers.slice(0, 4).map(({ value }) => (value as { errorCode: number }).errorCode);
    expect(codes).toEqual([Code.NotFound, Code.NotFound, Code.NotFound, Code.InvalidArgument]);
  });
});

test("reflection takes two directions at once, which HTTP/1.1 does not have", async () => {
  const { url, token } = await reached(await open());
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: url });
  const client = createClient(reflectionV1.ServerReflection, transport);
  async function* requests() {
    yield { messageRequest: { case: "listServices" as const, value: "" } };
  }
  const headers = { authorization: `Bearer ${token}` };
  expect(await failureOf(client.serverReflectionInfo(requests(), { headers }))).toBeDefined();
});
