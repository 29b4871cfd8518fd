import type { JsonObject } from "@bufbuild/protobuf";
import { type ApprovalOption, ApprovalRemember } from "@stratavore/proto";
import { invalidField } from "./errors.js";

/** What an answer says beside its option. */
export interface AnswerDetails {
  editedInput?: JsonObject | undefined;
  answers?: JsonObject | undefined;
  /** Empty: nothing. */
  message: string;
  remember: ApprovalRemember;
}

export const isAllowed = ({ kind }: Pick<ApprovalOption, "kind">): boolean => kind.startsWith("allow");

/**
 * Holds an answer to what its option, the question and the agent leave room for.
 *
 * @param asked what the agent asks beside a permission, and whether it takes more than an option
 * @throws DomainError invalid_argument
 */
export function checkDetails(
  asked: { question: JsonObject | undefined; answersInDetail: boolean },
  option: ApprovalOption,
  { editedInput, answers, message, remember }: AnswerDetails,
): void {
  const { question, answersInDetail } = asked;
  const allows = isAllowed(option);
  const problems: [string, boolean, string][] = [
    [
      "edited_input",
      editedInput !== undefined && !answersInDetail,
      "this agent takes none; reject this and say what to do in a message",
    ],
    [
      "answers",
      answers !== undefined && !answersInDetail,
      "this agent takes none; answer with allow or an option",
    ],
    [
      "message",
      message !== "" && !answersInDetail,
      "this agent takes none with an answer; say it with SendMessage",
    ],
    [
      "edited_input",
      editedInput !== undefined && !allows,
      "the call is rejected; an input goes with an answer that allows it",
    ],
    [
      "edited_input",
      editedInput !== undefined && question !== undefined,
      "the agent has a question; give answers to it",
    ],
    [
      "answers",
      answers !== undefined && question === undefined,
      "the agent has no question, it only wants a permission",
    ],
    [
      "answers",
      answers !== undefined && !allows,
      "the question is rejected; answers go with an answer that allows it",
    ],
    [
      "answers",
      answers === undefined && question !== undefined && allows,
      "the agent has a question; answer it by the names in approval.question, or reject it",
    ],
    ["message", message !== "" && allows, "it goes with an answer that rejects; say it with SendMessage"],
    [
      "remember",
      remember === ApprovalRemember.PROJECT && editedInput !== undefined,
      "a rule would be for what the agent wanted, not for the edited input; answer this once",
    ],
    [
      "remember",
      remember === ApprovalRemember.PROJECT && question !== undefined,
      "a person answers questions each time; answer this once",
    ],
  ];
  const problem = problems.find(([, is]) => is);
  if (problem !== undefined) throw invalidField(problem[0], problem[2]);
}
