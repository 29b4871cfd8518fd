import { create } from "@bufbuild/protobuf";
import { ApprovalOptionSchema, ApprovalRemember } from "@stratavore/proto";
import { expect, test } from "vitest";
import { type AnswerDetails, checkDetails } from "../../src/domain/approval-answer.js";

const option = (kind: string) => create(ApprovalOptionSchema, { id: kind, name: kind, kind });
const question = { type: "object", properties: { Colour: { type: "string" } } };
const { PROJECT, SESSION, UNSPECIFIED } = ApprovalRemember;

interface Case {
  kind?: string;
  asks?: boolean;
  plain?: boolean;
  details: Partial<AnswerDetails>;
}

const check = ({ kind = "allow_once", asks = false, plain = false, details }: Case) =>
  checkDetails({ question: asks ? question : undefined, answersInDetail: !plain }, option(kind), {
    message: "",
    remember: UNSPECIFIED,
    ...details,
  });

const fine: [string, Case][] = [
  ["nothing but the option", { plain: true, details: {} }],
  ["an edited input", { details: { editedInput: { command: "ls" } } }],
  [
    "an edited input for the session",
    { kind: "allow_always", details: { editedInput: {}, remember: SESSION } },
  ],
  ["answers", { asks: true, details: { answers: { Colour: "blue" } } }],
  ["a question that is rejected", { asks: true, kind: "reject_once", details: {} }],
  ["a word of why not", { kind: "reject_once", details: { message: "not today" } }],
  ["a rule", { plain: true, details: { remember: PROJECT } }],
];

test.each(fine)("%s", (_, given) => {
  expect(() => check(given)).not.toThrow();
});

const refused: [string, string, Case][] = [
  ["an edited input", "edited_input", { plain: true, details: { editedInput: {} } }],
  ["answers", "answers", { plain: true, details: { answers: {} } }],
  ["a word", "message", { plain: true, kind: "reject_once", details: { message: "no" } }],
  [
    "an edited input of what is rejected",
    "edited_input",
    { kind: "reject_once", details: { editedInput: {} } },
  ],
  ["an edited input of a question", "edited_input", { asks: true, details: { editedInput: {} } }],
  ["answers to nothing", "answers", { details: { answers: {} } }],
  ["answers to what is rejected", "answers", { asks: true, kind: "reject_once", details: { answers: {} } }],
  ["a question without answers", "answers", { asks: true, details: {} }],
  ["a word with what is allowed", "message", { details: { message: "go" } }],
  ["a rule for another input", "remember", { details: { editedInput: {}, remember: PROJECT } }],
  ["a rule for answers", "remember", { asks: true, details: { answers: { a: 1 }, remember: PROJECT } }],
];

test.each(refused)("%s: refused by %s", (_, field, given) => {
  expect(() => check(given)).toThrow(new RegExp(`^${field}: `));
});
