import {
  type Approval,
  type Part,
  type PartDelta,
  type StreamSessionResponse,
  type ToolCall,
  ToolCallStatus,
  type TranscriptMessage,
} from "@stratavore/client/node";
import { diffLines } from "./line-diff.js";
import type { LiveText } from "./live-text.js";
import { doneMark, planLines } from "./plan.js";
import { shown, styled } from "./style.js";

type Grown = "text" | "thinking";

const toolMarks: Record<ToolCallStatus, string> = {
  [ToolCallStatus.UNSPECIFIED]: "…",
  [ToolCallStatus.PENDING]: "…",
  [ToolCallStatus.IN_PROGRESS]: "…",
  [ToolCallStatus.COMPLETED]: "✓",
  [ToolCallStatus.FAILED]: "✗",
};

const isOver = (status: ToolCallStatus) =>
  status === ToolCallStatus.COMPLETED || status === ToolCallStatus.FAILED;

/** Shows a conversation as it happens: what the agent says, thinks and does, each piece once. */
export class ConversationPrinter {
  readonly #live: LiveText;
  readonly #turnId: string | undefined;
  /** By `ordinal/part`: characters of a text, or what was shown of anything else. */
  readonly #shown = new Map<string, number | string>();
  readonly #approvals = new Set<string>();
  #current = "";

  /** `turnId`: show nothing of other turns. */
  constructor(live: LiveText, turnId?: string) {
    this.#live = live;
    this.#turnId = turnId;
  }

  show({ update }: StreamSessionResponse): void {
    if (update.case === "delta") this.#delta(update.value);
    if (update.case === "message") this.#message(update.value);
    if (update.case === "approval") this.#approval(update.value);
  }

  #concerns(role: string, turnId: string): boolean {
    return role !== "user" && (this.#turnId === undefined || turnId === "" || turnId === this.#turnId);
  }

  #delta({ ordinal, role, turnId, partIndex, change }: PartDelta): void {
    if (!this.#concerns(role, turnId)) return;
    const key = `${ordinal}/${partIndex}`;
    if (change.case === "appendText") this.#grow(key, "text", change.value);
    if (change.case === "appendThinking") this.#grow(key, "thinking", change.value);
    if (change.case === "part") this.#part(key, change.value);
  }

  /** The whole of a message: shows what its deltas did not. */
  #message({ ordinal, role, turnId, parts, inProgress }: TranscriptMessage): void {
    if (this.#concerns(role, turnId))
      for (const [index, part] of parts.entries()) this.#part(`${ordinal}/${index}`, part);
    if (inProgress) return;
    for (const index of parts.keys()) this.#shown.delete(`${ordinal}/${index}`);
    this.#live.break();
  }

  #part(key: string, { kind }: Part): void {
    switch (kind.case) {
      case "text":
      case "thinking": {
        const before = this.#shown.get(key);
        this.#grow(key, kind.case, kind.value.slice(typeof before === "number" ? before : 0));
        break;
      }
      case "toolCall":
        this.#toolCall(key, kind.value);
        break;
      case "plan":
        this.#plan(planLines(kind.value));
        break;
      case "fileDiff":
        this.#lines(key, diffLines(kind.value));
        break;
      case "blob":
        this.#lines(key, [
          styled("dim", `[${kind.value.mimeType || "file"} ${kind.value.name || kind.value.uri}]`),
        ]);
        break;
    }
  }

  #grow(key: string, kind: Grown, text: string): void {
    if (text === "") return;
    const before = this.#shown.get(key);
    const count = typeof before === "number" ? before : 0;
    if (this.#current !== key) this.#live.break();
    this.#current = key;
    this.#shown.set(key, count + text.length);
    const plain = shown(text);
    this.#live.write(kind === "thinking" ? styled("dim", plain) : plain, plain);
  }

  /** One line that changes with the call's state; where lines cannot change, only how it ended. */
  #toolCall(key: string, call: ToolCall): void {
    const over = isOver(call.status);
    const label = `${toolMarks[call.status]} ${shown(call.title || call.name || call.toolKind)}`;
    if (this.#shown.get(key) === label || !(over || process.stdout.isTTY)) return;
    this.#shown.set(key, label);
    this.#current = key;
    const width = (process.stdout.columns ?? 80) - 1;
    this.#live.line(styled(over ? "dim" : "cyan", process.stdout.isTTY ? label.slice(0, width) : label), key);
    if (!over) return;
    for (const [index, { kind }] of call.content.entries()) {
      if (kind.case === "fileDiff") this.#lines(`${key}/${index}`, diffLines(kind.value));
    }
  }

  /** The plan, told anew with each change: whole at first, then what is done. */
  #plan(lines: readonly string[]): void {
    const isFirst = !this.#shown.has("plan");
    this.#lines("plan", isFirst ? lines : lines.filter((line) => line.startsWith(doneMark)));
  }

  /** Lines that replace what the same piece showed before; only what is new of them is written. */
  #lines(key: string, lines: readonly string[]): void {
    const before = this.#shown.get(key);
    const known = typeof before === "string" ? before.split("\n") : [];
    this.#shown.set(key, lines.join("\n"));
    for (const line of lines.filter((each) => !known.includes(each))) this.#live.line(line);
    this.#current = key;
  }

  #approval({ id, toolCall, options }: Approval): void {
    if (this.#approvals.has(id)) return;
    this.#approvals.add(id);
    const choices = options.map(({ id: option, name }) => `${option} (${name})`).join(", ");
    this.#live.line(styled("yellow", shown(`? The agent asks: ${toolCall?.title ?? "permission"}`)));
    this.#live.line(
      styled("yellow", shown(`  Answer with: stratavore approve ${id} [--deny]; options: ${choices}`)),
    );
  }
}
