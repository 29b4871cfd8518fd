import type { ModelRequest } from "../request.js";
import type { Answer } from "./answer.js";
import { Attempts } from "./attempts.js";
import { compose } from "./compose.js";
import { findPrompt } from "./prompt.js";
import { stepOf } from "./step.js";

/** Answers a request itself, or leaves it to the script by undefined. */
export type Reply = (request: ModelRequest) => Answer | undefined | Promise<Answer | undefined>;

/** Decides what a request is answered: by the caller's function, the queue, or the prompt's own script. */
export class Chooser {
  readonly #attempts = new Attempts();
  readonly #queue: Answer[] = [];
  readonly #reply: Reply | undefined;

  constructor(reply: Reply | undefined) {
    this.#reply = reply;
  }

  /** Answers the next requests of a conversation, one each, in place of a script. */
  enqueue(answers: readonly Answer[]): void {
    this.#queue.push(...answers);
  }

  /** `aside` is what a request gets that is none of a conversation. Throws {@link DirectiveError} for a wrong script. */
  async choose(request: ModelRequest, key: string, aside?: Answer): Promise<Answer> {
    return (await this.#reply?.(request)) ?? aside ?? this.#queue.shift() ?? this.#script(request, key);
  }

  #script(request: ModelRequest, key: string): Answer {
    const prompt = findPrompt(request.messages);
    const { directives, rest, toolResults } = prompt;
    if (directives.length === 0) return { parts: [{ type: "text", text: stock }] };
    const step = stepOf(directives, toolResults);
    const state = this.#attempts.stateOf(request, key, prompt);
    const answer = compose({ request, step, rest, attempt: this.#attempts.count(state) });
    if (answer.failure) this.#attempts.add(state);
    else this.#attempts.forget(state);
    // An agent that gets an empty answer may ask again for ever.
    if (!answer.failure && !answer.parts?.length)
      return { ...answer, parts: [{ type: "text", text: "Done." }] };
    return answer;
  }
}

const stock = "This answer is a script's: no model was asked.";
