import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ApprovalRemember,
  type ApprovalService,
  ApprovalState,
  type ResolveApprovalRequest,
  ResolveApprovalRequestSchema,
  ResolveApprovalResponseSchema,
} from "@stratavore/proto";
import {
  approvalById,
  approvalMessage,
  chosenOption,
  requireAnswerable,
  resolveApproval,
} from "../domain/approvals.js";
import { DomainError } from "../domain/errors.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { callerOf, scopeOf } from "./caller.js";
import { isRowKey, keyOf, limitOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";

export function approvalService({ store, supervisor }: Services): ServiceImpl<typeof ApprovalService> {
  return {
    listApprovals: ({ projectName, runnerId, sessionId, state, limit, pageToken }) =>
      store.snapshot((read) => {
        const size = limitOf(limit);
        const found = read.approvals.list({
          projectName: projectName || undefined,
          runnerId: runnerId || undefined,
          sessionId: sessionId || undefined,
          states: [state === ApprovalState.UNSPECIFIED ? ApprovalState.PENDING : state],
          limit: size + 1,
          afterKey: keyOf(pageToken, isRowKey),
        });
        const rows = found.slice(0, size);
        const last = rows.at(-1);
        const hasMore = found.length > size;
        return {
          approvals: rows.map(approvalMessage),
          nextPageToken: hasMore && last ? tokenOf({ createdAt: last.createdAt, id: last.id }) : "",
          asOfEventId: eventId(store.epoch, read.events.head()),
        };
      }),

    async resolveApproval(request, context) {
      const { answer } = request;
      refuseUnoffered(request);
      const repeat = repeatable(scopeOf(context), ResolveApprovalRequestSchema, request);
      const answered = answeredBefore(store.read, repeat, ResolveApprovalResponseSchema);
      if (answered !== undefined) return answered;
      const before = approvalById(store.read, request.approvalId);
      requireAnswerable(before, Date.now());
      const controller = supervisor.live(runnerById(store.read, before.runnerId));
      return await controller.change((tx, memory) => {
        const { answer: response, effect: lines } = once(tx, repeat, ResolveApprovalResponseSchema, () => {
          const row = approvalById(tx, before.id);
          requireAnswerable(row, Date.now());
          const option = chosenOption(
            row,
            answer.case === "optionId" ? { optionId: answer.value } : { allow: answer.value === true },
            request.remember === ApprovalRemember.SESSION,
          );
          const state = option.kind.startsWith("allow") ? ApprovalState.ALLOWED : ApprovalState.REJECTED;
          const resolved = resolveApproval(tx, row, state, { optionId: option.id, by: callerOf(context) });
          return {
            answer: create(ResolveApprovalResponseSchema, { approval: approvalMessage(resolved) }),
            effect: memory.adapter.answer(row.agentRequestId, { optionId: option.id }),
          };
        });
        return { value: response, out: { lines: lines ?? [], prompts: [] } };
      });
    },
  };
}

/** An answer of the Agent Client Protocol is one of the agent's options, and nothing beside it. */
function refuseUnoffered({ editedInput, answers, message, remember }: ResolveApprovalRequest): void {
  const refused = (what: string, instead: string) =>
    new DomainError("unimplemented", "APPROVAL_ANSWER", `${what} is not offered; ${instead}`);
  if (editedInput !== undefined) throw refused("edited_input", "reject this and say what to do in a message");
  if (answers !== undefined) throw refused("answers", "answer with allow or an option");
  if (message !== "") throw refused("a message with an answer", "say it with SendMessage");
  if (remember === ApprovalRemember.PROJECT) {
    throw refused("remember PROJECT", "set the project's approval policy, or remember it for the SESSION");
  }
}
