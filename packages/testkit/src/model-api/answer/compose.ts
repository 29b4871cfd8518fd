import { DirectiveError } from "../../directives/language.js";
import type { ModelRequest } from "../request.js";
import type { Answer, AnswerPart, Failure } from "./answer.js";
import type { ModelDirective } from "./catalogue.js";

/** What an answer is made from. */
export interface Composition {
  readonly request: ModelRequest;
  /** The directives of this answer alone. */
  readonly step: readonly ModelDirective[];
  /** The prompt's other lines. */
  readonly rest: string;
  /** How often this request has failed before. */
  readonly attempt: number;
}

/** Does what the directives say, in their order. Throws {@link DirectiveError} for what is no JSON. */
export function compose({ request, step, rest, attempt }: Composition): Answer {
  const parts: AnswerPart[] = [];
  const headers: Record<string, string> = {};
  let answer: Answer = {};
  let failed = attempt;
  /** Whether a failure with this many times is due, or was already had. */
  const isDue = (times = Number.POSITIVE_INFINITY): boolean => {
    if (failed < times) return true;
    failed -= times;
    return false;
  };
  const end = (last: Answer): Answer => ({ ...answer, headers, parts, ...last });
  for (const [index, directive] of step.entries()) {
    switch (directive.name) {
      case "say":
        parts.push({ type: "text", text: directive.args.text });
        break;
      case "echo":
        parts.push({ type: "text", text: rest });
        break;
      case "chunks": {
        const lines = Array.from({ length: directive.args.count }, (_, each) => `chunk ${each + 1}\n`);
        parts.push({ type: "text", text: lines.join("") });
        break;
      }
      case "think":
        parts.push({ type: "thinking", text: directive.args.text ?? "Thinking about it." });
        break;
      case "request":
        parts.push({ type: "text", text: `${describe(request)}\n` });
        break;
      case "tool":
        parts.push({ type: "tool", name: directive.args.name, input: readInput(directive.args.json, index) });
        break;
      case "usage":
        answer = { ...answer, usage: directive.args };
        break;
      case "slow":
        answer = {
          ...answer,
          pace: { pauseMs: directive.args.pauseMs, pieces: directive.args.pieces ?? 10 },
        };
        break;
      case "sleep":
        answer = { ...answer, delayMs: (answer.delayMs ?? 0) + directive.args.ms };
        break;
      case "header":
        headers[directive.args.name.toLowerCase()] = directive.args.value;
        break;
      case "stop":
        return end({ stopReason: directive.args.reason });
      case "error":
      case "drop":
      case "hang":
        if (isDue(directive.args.times)) return end({ failure: failureOf(directive) });
        break;
    }
  }
  return end({});
}

function failureOf(directive: Extract<ModelDirective, { name: Failure["type"] }>): Failure {
  if (directive.name !== "error") return { type: directive.name };
  const { status, retryAfterSeconds } = directive.args;
  return { type: "error", status, retryAfter: retryAfterSeconds };
}

function readInput(json: string | undefined, index: number): unknown {
  if (json === undefined) return {};
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new DirectiveError(`!tool takes JSON: ${(error as Error).message}`, index + 1, { cause: error });
  }
}

function describe({ api, model, messages, tools }: ModelRequest): string {
  return JSON.stringify({ api, model, messages: messages.length, tools });
}
