import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type ApprovalService,
  ApprovalState,
  ResolveApprovalRequestSchema,
  ResolveApprovalResponseSchema,
} from "@stratavore/proto";
import { approvalById, approvalMessage, chosenOption, resolveApproval } from "../domain/approvals.js";
import { DomainError, invalidField } from "../domain/errors.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { callerOf, scopeOf } from "./caller.js";
import { limitOf } from "./paging.js";
import type { Services } from "./services.js";

export function approvalService({ store, supervisor }: Services): ServiceImpl<typeof ApprovalService> {
  return {
    listApprovals: ({ projectName, runnerId, sessionId, state, limit, pageToken }) => {
      if (state !== ApprovalState.UNSPECIFIED && state !== ApprovalState.PENDING) {
        throw new DomainError("unimplemented", "APPROVAL_STATE", "only pending approvals are listed so far");
      }
      if (pageToken !== "")
        throw invalidField("page_token", "this is no page token; approvals come on one page");
      return store.snapshot((read) => ({
        approvals: read.approvals
          .pending({
            projectName: projectName || undefined,
            runnerId: runnerId || undefined,
            sessionId: sessionId || undefined,
            limit: limitOf(limit),
          })
          .map(approvalMessage),
        asOfEventId: eventId(store.epoch, read.events.head()),
      }));
    },

    async resolveApproval(request, context) {
      const { answer } = request;
      if (request.editedInput !== undefined || request.answers !== undefined || request.remember !== 0) {
        throw new DomainError("unimplemented", "APPROVAL_ANSWER", "an answer is an option, or allow, so far");
      }
      const repeat = repeatable(scopeOf(context), ResolveApprovalRequestSchema, request);
      const answered = answeredBefore(store.read, repeat, ResolveApprovalResponseSchema);
      if (answered !== undefined) return answered;
      const before = approvalById(store.read, request.approvalId);
      const controller = supervisor.live(runnerById(store.read, before.runnerId));
      return await controller.change((tx, memory) => {
        const { answer: response, effect: lines } = once(tx, repeat, ResolveApprovalResponseSchema, () => {
          const row = approvalById(tx, before.id);
          const option = chosenOption(
            row,
            answer.case === "optionId" ? { optionId: answer.value } : { allow: answer.value === true },
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
