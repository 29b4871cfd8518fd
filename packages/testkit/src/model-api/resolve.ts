import { randomBytes } from "node:crypto";
import { estimateTokens } from "../turn/usage.js";
import type { Answer, AnswerPart } from "./answer/answer.js";
import { noUsage, type Served } from "./dialect.js";
import type { ModelRequest } from "./request.js";

/** Characters of a piece, unless the answer says otherwise. */
const pieceLength = 24;

/** A name that no other answer has, as long as those of the real APIs. */
export function freshId(): string {
  return randomBytes(12).toString("hex");
}

/** Fills in what an answer left open. */
export function resolveAnswer(request: ModelRequest, answer: Answer): Served {
  const parts = (answer.parts ?? []).map((part) =>
    part.type === "tool" ? { ...part, id: part.id ?? freshId() } : part,
  );
  return {
    id: freshId(),
    request,
    createdAt: Math.floor(Date.now() / 1000),
    parts,
    stopReason: answer.stopReason ?? "end_turn",
    usage: { ...noUsage, ...(answer.usage ?? estimate(request, parts)) },
    pieces: (text) => cut(text, answer.pace ? Math.ceil(text.length / answer.pace.pieces) : pieceLength),
  };
}

function estimate(request: ModelRequest, parts: readonly AnswerPart[]) {
  const sizes = parts.map((part) => (part.type === "tool" ? JSON.stringify(part).length : part.text.length));
  const reasoning = parts.reduce((sum, part) => sum + (part.type === "thinking" ? part.text.length : 0), 0);
  return {
    input: estimateTokens(JSON.stringify(request.body).length),
    output: Math.max(1, estimateTokens(sizes.reduce((sum, each) => sum + each, 0))),
    reasoning: estimateTokens(reasoning),
  };
}

/** Never in the middle of a character. */
function cut(text: string, length: number): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += Math.max(1, length)) {
    pieces.push(characters.slice(at, at + Math.max(1, length)).join(""));
  }
  return pieces;
}
