import type { DescMessage } from "@bufbuild/protobuf";
import {
  ApprovalService,
  DaemonService,
  ErrorInfoSchema,
  ProjectService,
  RunnerService,
  SessionService,
  UsageService,
} from "@stratavore/proto";
import * as google from "@stratavore/proto/rpc";
import { expect, test } from "vitest";
import { type Opened, open, project, reached } from "../rpc/fixture/stratavore.js";
import { agents } from "./bad-inputs/agents.js";
import { excluded } from "./bad-inputs/excluded.js";
import { fields } from "./bad-inputs/fields.js";
import { reach } from "./bad-inputs/reach.js";
import { state } from "./bad-inputs/state.js";
import type { Case, Row } from "./bad-inputs/table.js";
import { wire } from "./bad-inputs/wire.js";
import { type PlainAnswer, type Protocol, plainCall, protocols } from "./fixture/plain-client.js";

const rows: readonly Row[] = [...wire, ...fields, ...reach, ...state, ...agents];

const isSent = (protocol: Protocol) => (bad: Case) => bad.protocols?.includes(protocol) ?? true;

const pairs = rows.flatMap((row) =>
  protocols
    .map((protocol) => ({ row, protocol, cases: row.cases.filter(isSent(protocol)) }))
    .filter(({ cases }) => cases.length > 0)
    .map((pair) => [`${row.number}: ${row.what}, over ${pair.protocol}`, pair] as const),
);

/** As the row gives it: the code, or the HTTP status where that is what is promised. */
const given = (answer: PlainAnswer, promised: readonly (string | number)[]) =>
  promised.some((one) => typeof one === "number") ? answer.httpStatus : answer.code;

test.each(pairs)("row %s", async (_, { row, protocol, cases }) => {
  const opened = await open(row.options);
  await project(opened);
  const address = await reached(opened);
  for (const bad of cases) {
    const promised = [bad.answer ?? row.answer].flat();
    const call = await bad.call(opened, protocol);
    const before = await onRecord(opened);
    const answer = await plainCall(protocol, address, call);
    expect({
      input: bad.input,
      promised,
      given: given(answer, promised),
      error: answer.error?.rawMessage,
    }).toSatisfy(({ given }) => promised.includes(given));
    if (answer.error !== undefined && answer.code !== undefined) expectDescribed(bad, answer, opened);
    await bad.check?.(answer, opened);
    if (bad.leaves !== true) expect(await onRecord(opened)).toEqual(before);
    // It serves on, in the same protocol.
    const next = await plainCall(protocol, address, { method: ProjectService.method.listProjects });
    expect([bad.input, next.code, next.messages.length]).toEqual([bad.input, "ok", 1]);
  }
  const { calls, failedCalls } = (await opened.daemon.getMetrics({})).global!;
  expect(calls).toBeGreaterThan(failedCalls);
  const faults = opened.lines.filter(({ level }) => level === "error");
  expect(faults.map(({ facts }) => facts)).toEqual([]);
});

/** Whatever refused the call, the failure says why in both ways, and the log has it under the same id. */
function expectDescribed({ input }: Case, { error }: PlainAnswer, { lines }: Opened): void {
  const [ours] = error!.findDetails(ErrorInfoSchema);
  const [standard] = error!.findDetails(google.ErrorInfoSchema);
  expect([input, ours?.code, ours?.requestId]).toEqual([input, standard?.reason, expect.any(String)]);
  expect([input, ours?.code]).toEqual([input, expect.stringMatching(/^[A-Z_]+$/)]);
  const logged = lines.filter(({ facts }) => facts.requestId === ours!.requestId);
  expect([input, logged.length]).toEqual([input, 1]);
}

test("every row is here once, or left out for a reason", () => {
  const numbers = [...rows.map(({ number }) => number), ...Object.keys(excluded).map(Number)];
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
});

test("no request has an Any in it", () => {
  const services = [
    RunnerService,
    ProjectService,
    SessionService,
    ApprovalService,
    DaemonService,
    UsageService,
  ];
  const seen = new Set<DescMessage>();
  const visit = (message: DescMessage) => {
    if (seen.has(message)) return;
    seen.add(message);
    for (const field of message.fields) if (field.message !== undefined) visit(field.message);
  };
  for (const method of services.flatMap((service) => service.methods)) visit(method.input);
  const names = [...seen].map(({ typeName }) => typeName);
  expect(names).toContain("google.protobuf.Struct");
  expect(names).not.toContain("google.protobuf.Any");
});

/** How much there is of everything that a call could make. */
async function onRecord({ projects, runners, sessions }: Opened) {
  return {
    projects: (await projects.listProjects({})).totalCount,
    runners: (await runners.listRunners({})).totalCount,
    sessions: (await sessions.listSessions({})).totalCount,
  };
}
