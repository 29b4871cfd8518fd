import type { ModelDirective } from "./catalogue.js";

/**
 * The directives of one answer: those after as many tool calls as have a result by now, up to the end of the next
 * run of tool calls, or up to the end.
 */
export function stepOf(directives: readonly ModelDirective[], toolResults: number): ModelDirective[] {
  let start = 0;
  for (let called = 0; called < toolResults && start < directives.length; start += 1) {
    if (directives[start]?.name === "tool") called += 1;
  }
  let end = start;
  for (let calling = false; end < directives.length; end += 1) {
    const isCall = directives[end]?.name === "tool";
    if (calling && !isCall) break;
    calling = isCall;
  }
  return directives.slice(start, end);
}
