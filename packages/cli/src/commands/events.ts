import { EventType, type RunnerEvent, RunnerEventSchema } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { exitCodes, usageError } from "../exit-codes.js";
import { findId } from "../ids.js";
import { eventText } from "../output/event-text.js";
import { eventName } from "../output/words.js";
import { numberOption, repeated } from "../parse.js";
import { action } from "../session.js";

interface Options {
  follow: boolean;
  fromStart?: boolean;
  after?: string;
  project?: string;
  runner?: string;
  type?: string[];
  limit?: number;
}

const types = Object.values(EventType).filter(
  (type): type is EventType => typeof type === "number" && type !== EventType.UNSPECIFIED,
);

const storedTypes = types.filter(
  (type) => type !== EventType.BOOKMARK && type !== EventType.RUNNER_HEARTBEAT,
);

export const eventsCommand = (): Command =>
  new Command("events")
    .description("show events as they happen, or from a position in the log")
    .option("--no-follow", "end when there are no more")
    .addOption(new Option("--from-start", "begin with the oldest event").conflicts("after"))
    .option("--after <event-id>", "begin after this event")
    .option("--project <name>", "only of this project")
    .option("--runner <runner>", "only of this runner")
    .option("--type <type>", "only of this type, as RUNNER_STARTED, or all (can be repeated)", repeated)
    .option("--limit <count>", "end after so many", numberOption({ min: 1, max: 1e9 }))
    .action(
      action(async ({ client, out, signal }, options: Options) => {
        const wanted = options.type?.flatMap(typesNamed) ?? [];
        const request = {
          projectName: options.project,
          runnerId: options.runner && (await findId(client, ["runner"], options.runner)).id,
          afterEventId: options.after,
          fromStart: options.fromStart,
          eventTypes: wanted,
          // A bookmark comes when everything up to now was sent.
          bookmarks: !options.follow,
        };
        const events = client.runners.events(request, { signal });
        let count = 0;
        try {
          for await (const event of events) {
            const isBookmark = event.eventType === EventType.BOOKMARK;
            if (isBookmark && !wanted.includes(EventType.BOOKMARK)) break;
            print(event);
            if (++count === options.limit || (isBookmark && !options.follow)) break;
          }
        } catch (error) {
          if (!signal.aborted) throw error;
          if (events.lastEventId !== "") {
            out.note(`\nGo on with: stratavore events --after ${events.lastEventId}`);
          }
          return exitCodes.interrupted;
        }
        return 0;

        function print(event: RunnerEvent): void {
          if (out.json) out.message(RunnerEventSchema, event);
          else out.line(eventText(event, out.terminal));
        }
      }),
    );

function typesNamed(given: string): EventType[] {
  const name = given
    .toUpperCase()
    .replace(/-/g, "_")
    .replace(/^EVENT_TYPE_/, "");
  if (name === "ALL") return storedTypes;
  const type = types.find((each) => eventName(each) === name);
  if (type !== undefined) return [type];
  throw usageError(`there is no event type ${given}; there are all, ${types.map(eventName).join(", ")}`);
}
