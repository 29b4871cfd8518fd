import { SessionSchema } from "@stratavore/client/node";
import { Command } from "commander";
import { findId } from "../ids.js";
import { sessionWord } from "../output/words.js";
import { action } from "../session.js";

const examples = `
What was said stays, and can be read and searched. The runner stays up.

Example:
  stratavore end r5k2m8`;

export const endCommand = (): Command =>
  new Command("end")
    .description("end a session for good: it cannot be resumed")
    .argument("<session>", "its id, or what it begins or ends with")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, _: object, given: string) => {
        const { id: sessionId } = await findId(client, ["session"], given);
        const session = await client.sessions.end({ sessionId }, { signal });
        if (out.json) out.message(SessionSchema, session);
        else out.line(`${session.id} ${sessionWord(session.status)}`);
        return 0;
      }),
    );
