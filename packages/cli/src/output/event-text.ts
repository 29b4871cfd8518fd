import {
  type Approval,
  ApprovalState,
  decodeEvent,
  type ResourceUsage,
  type RunnerEvent,
  TurnState,
} from "@stratavore/client/node";
import { answeredBy } from "./rule.js";
import { shown, styled } from "./style.js";
import { eventName, isoTime, shortId } from "./words.js";

/** An event as a line: its id, when, what, of whom, and what there is to say about it. */
export function eventText(event: RunnerEvent, terminal: boolean): string {
  const time = isoTime(event.timestamp);
  const name = eventName(event.eventType);
  const details = [event.projectName, event.runnerId, detailOf(event)];
  if (!terminal)
    return [event.eventId, time, name, ...details].map((part) => part.replace(/\s+/g, " ")).join("\t");
  const [project = "", runner = "", detail = ""] = details;
  return [
    styled("dim", event.eventId.padEnd(15)),
    styled("dim", time.slice(11, 23)),
    styled(/FAILED|EXCEEDED/.test(name) ? "red" : "cyan", name.padEnd(18)),
    shown(project),
    shortId(runner),
    shown(detail),
  ].join(" ");
}

function detailOf(event: RunnerEvent): string {
  const decoded = decodeEvent(event);
  switch (decoded.type) {
    case "runnerCreated":
      return decoded.payload.runner?.agent ?? "";
    case "runnerStarted":
      return decoded.payload.agent;
    case "runnerStopped":
    case "runnerFailed":
      return decoded.payload.reason;
    case "runnerHeartbeat":
      return usageWords(decoded.payload.resourceUsage);
    case "sessionCreated":
      return decoded.payload.session?.id ?? "";
    case "turnCompleted":
      return (TurnState[decoded.payload.turn?.state ?? 0] ?? "").toLowerCase();
    case "approvalRequested":
      return decoded.payload.approval?.toolCall?.title ?? "";
    case "approvalResolved":
      return resolvedText(decoded.payload.approval);
    default:
      return "";
  }
}

const resolvedText = (approval: Approval | undefined): string =>
  approval === undefined
    ? ""
    : [(ApprovalState[approval.state] ?? "").toLowerCase(), answeredBy(approval)]
        .filter(Boolean)
        .join(" by ");

const usageWords = (usage: ResourceUsage | undefined): string =>
  usage === undefined ? "" : `${usage.cpuPercent.toFixed(0)} % CPU, ${usage.memoryMb} MiB`;
