import { gzipSync } from "node:zlib";
import type { DescMethod } from "@bufbuild/protobuf";
import { ProjectService, RunnerService, SessionService } from "@stratavore/proto";
import { compression, deadline, encode, type Protocol } from "../fixture/plain-client.js";
import { binaryOnly, type Case, grpcOnly, http1Only, jsonOnly, type Row } from "./table.js";

const { createProject, listProjects } = ProjectService.method;
const { createRunner, streamRunnerEvents } = RunnerService.method;
const { searchTranscripts } = SessionService.method;

/** Bytes where JSON is expected. */
const json = (input: string, method: DescMethod, text: string | Uint8Array): Case => ({
  input,
  protocols: jsonOnly,
  call: () => ({ method, bytes: Buffer.from(text) }),
});

const withName = (name: string | Uint8Array) =>
  Buffer.concat([Buffer.from('{"name":"'), Buffer.from(name), Buffer.from('","path":"/"}')]);

/** Bytes where protobuf is expected. */
const binary = (input: string, method: DescMethod, bytes: readonly number[]): Case => ({
  input,
  protocols: binaryOnly,
  call: () => ({ method, bytes: Buffer.from(bytes) }),
});

const megabytes = (count: number) => "a".repeat(count * 1024 * 1024);

const withDeadline = (input: string, text: string, protocols?: Case["protocols"]): Case => ({
  input: `a deadline of ${input}`,
  protocols,
  call: (_, protocol) => ({ method: listProjects, headers: deadline(protocol, text) }),
});

const compressedWith = (protocol: Protocol, method: DescMethod, name: string, bytes: Uint8Array) => ({
  method,
  bytes,
  compressed: true,
  headers: compression(protocol, method, name),
});

/** What is wrong with the bytes, the headers or the path. */
export const wire: readonly Row[] = [
  {
    number: 1,
    what: "JSON that is no request",
    answer: "invalid_argument",
    cases: [
      json("malformed JSON", createProject, '{"name": "a"'),
      json("no JSON at all", createProject, "name=a"),
      json("a list", createProject, "[]"),
      json("null for the request", createProject, "null"),
      json("a number for a string", createProject, '{"name": 7, "path": "/"}'),
      json("an object for a string", createProject, '{"name": {}, "path": "/"}'),
      json("a string for a message", createProject, '{"name": "a", "path": "/", "config": "x"}'),
      json("a string for a bool", createRunner, '{"projectName": "web", "external": "true"}'),
      json("a text for a double", createRunner, '{"projectName": "web", "temperature": "warm"}'),
      json("a field twice", createProject, '{"name": "a", "metadata": {}, "path": "/", "metadata": 1}'),
      json("null in a map", createProject, '{"name": "a", "path": "/", "metadata": {"k": null}}'),
      json("an int32 that overflows", createRunner, '{"projectName": "web", "maxTokens": 2147483648}'),
      json("a fraction for an int32", createRunner, '{"projectName": "web", "maxTokens": 1.5}'),
      json(
        "an int64 that overflows",
        createProject,
        '{"name":"a","path":"/","quota":{"maxTokensPerDay":"9223372036854775808"}}',
      ),
      json("malformed JSON for a stream", streamRunnerEvents, '{"runnerId": "a"'),
      json("an enum value that is not known", streamRunnerEvents, '{"eventTypes": ["EVENT_TYPE_TEA"]}'),
      json("a lone surrogate, escaped", createProject, withName("a\\ud800b")),
      json(
        "a lone surrogate in a label",
        createProject,
        '{"name": "a", "path": "/", "metadata": {"k": "\\udc00"}}',
      ),
      json("a lone surrogate's bytes", createProject, withName(Buffer.from([0xed, 0xa0, 0x80]))),
      json("invalid UTF-8", createProject, withName(Buffer.from([0xc3, 0x28]))),
      json(
        "invalid UTF-8 where nothing else is wrong",
        createProject,
        Buffer.concat([
          Buffer.from('{"name":"a","path":"/","description":"'),
          Buffer.from([0xff]),
          Buffer.from('"}'),
        ]),
      ),
      json("a Timestamp that is none", searchTranscripts, '{"query": "a", "after": "yesterday"}'),
      json("a Timestamp without a zone", searchTranscripts, '{"query": "a", "after": "2026-01-01T00:00:00"}'),
      json("a Timestamp before the year 1", searchTranscripts, '{"query":"a","after":{"seconds":-1e15}}'),
    ],
  },
  {
    number: 2,
    what: "bytes that are no protobuf",
    answer: ["invalid_argument", "internal"],
    cases: [
      // Field 1, of ten bytes, of which two come.
      binary("a truncated message", createProject, [0x0a, 10, 0x61, 0x62]),
      binary(
        "a tag that does not end",
        createProject,
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      ),
      binary("a group that does not end", createProject, [0x0b]),
      binary("a field without its value", createProject, [0x0a]),
      binary("a truncated message for a stream", streamRunnerEvents, [0x0a, 10, 0x61, 0x62]),
      {
        input: "less than its envelope says",
        protocols: binaryOnly,
        call: () => ({ method: createProject, bytes: Buffer.from([0x0a, 1, 0x61]), length: 1000 }),
      },
      {
        input: "less than its envelope says, for a stream",
        call: () => ({ method: streamRunnerEvents, bytes: Buffer.from("{}"), length: 1000 }),
      },
      {
        input: "nothing where a message must be",
        // As gRPC has it: the method would take another number of messages.
        answer: "unimplemented",
        protocols: binaryOnly,
        call: () => ({ method: createProject, bytes: Buffer.alloc(0), length: 1 }),
      },
      binary("a field of a wire type that there is not", createProject, [0x0f]),
      binary("invalid UTF-8", createProject, [0x0a, 2, 0xc3, 0x28, 0x1a, 1, 0x2f]),
      binary("a lone surrogate", createProject, [0x0a, 3, 0xed, 0xa0, 0x80, 0x1a, 1, 0x2f]),
    ],
  },
  {
    number: 3,
    what: "more than is read",
    answer: "resource_exhausted",
    cases: [
      {
        input: "a body of 33 MiB",
        call: (_, protocol) => ({
          method: createProject,
          bytes: encode(protocol, createProject.input, { name: "a", path: "/", description: megabytes(33) }),
        }),
      },
      {
        input: "48 KB of gzip that inflate to 50 MB",
        call: (_, protocol) =>
          compressedWith(
            protocol,
            createProject,
            "gzip",
            gzipSync(
              encode(protocol, createProject.input, { name: "a", path: "/", description: megabytes(48) }),
            ),
          ),
      },
    ],
  },
  {
    number: 4,
    what: "a compression that is not known",
    answer: "unimplemented",
    cases: [
      {
        input: "a call in snappy",
        call: (_, protocol) => compressedWith(protocol, listProjects, "snappy", Buffer.from("whatever")),
      },
      {
        input: "a stream in snappy",
        call: (_, protocol) =>
          compressedWith(protocol, streamRunnerEvents, "snappy", Buffer.from("whatever")),
      },
    ],
  },
  {
    number: 5,
    what: "a deadline that is none",
    answer: "invalid_argument",
    cases: [
      withDeadline("abc", "abc"),
      withDeadline("-1", "-1", jsonOnly),
      withDeadline("-1 s", "-1S", binaryOnly),
      withDeadline("12345678901 ms", "12345678901", jsonOnly),
      withDeadline("123456789 s", "123456789S", binaryOnly),
      withDeadline("5, without a unit", "5", binaryOnly),
    ],
  },
  {
    number: 6,
    what: "a deadline that passes in mid-stream",
    answer: "deadline_exceeded",
    cases: [
      {
        input: "a stream that has said something",
        call: (_, protocol) => ({
          method: streamRunnerEvents,
          message: { fromStart: true, bookmarks: true },
          headers: deadline(protocol, protocol === "Connect JSON" ? "400" : "400m"),
        }),
        check: ({ messages }) => {
          if (messages.length === 0) throw new Error("the stream said nothing");
        },
      },
    ],
  },
  {
    number: 7,
    what: "a path that is none",
    answer: 404,
    cases: ["/stratavore.v1.RunnerService/Dance", "/stratavore.v1.DanceService/Dance"].flatMap((path) => [
      { input: path, protocols: http1Only, call: () => ({ method: listProjects, path }) },
      {
        input: path,
        protocols: grpcOnly,
        answer: "unimplemented",
        call: () => ({ method: listProjects, path }),
      },
    ]),
  },
  {
    number: 8,
    what: "a request of another kind",
    answer: 415,
    cases: [
      ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"].map(
        (type): Case => ({
          input: type,
          call: () => ({ method: createProject, headers: { "content-type": type } }),
        }),
      ),
      {
        input: "GET on a mutation",
        answer: 405,
        call: () => ({ method: createProject, httpMethod: "GET" }),
      },
    ],
  },
];
