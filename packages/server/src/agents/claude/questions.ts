import type { JsonObject } from "@bufbuild/protobuf";
import { recordsIn, textIn } from "../read.js";

/** The questions of an `AskUserQuestion` as a JSON schema whose properties are the questions; undefined: it asks none. */
export function questionSchema(tool: string, input: Record<string, unknown>): JsonObject | undefined {
  if (tool !== "AskUserQuestion") return undefined;
  const questions = recordsIn(input.questions).filter(({ question }) => textIn(question) !== "");
  if (questions.length === 0) return undefined;
  return {
    type: "object",
    properties: Object.fromEntries(questions.map((each) => [textIn(each.question), propertyOf(each)])),
    required: questions.map(({ question }) => textIn(question)),
  };
}

/** The options are proposals: an answer in other words is one too. */
function propertyOf({ header, options, multiSelect }: Record<string, unknown>): JsonObject {
  const examples = recordsIn(options).map(({ label }) => textIn(label));
  const descriptions = recordsIn(options).flatMap(({ label, description }) =>
    textIn(description) === "" ? [] : [`${textIn(label)}: ${textIn(description)}`],
  );
  const about = { title: textIn(header), description: descriptions.join("\n") };
  if (multiSelect === true) return { ...about, type: "array", items: { type: "string", examples } };
  return { ...about, type: "string", examples };
}
