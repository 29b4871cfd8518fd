import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ApprovalRemember,
  type ApprovalService,
  ApprovalState,
  PermissionMode,
  ResolveApprovalRequestSchema,
  ResolveApprovalResponseSchema,
} from "@stratavore/proto";
import { checkDetails, isAllowed } from "../domain/approval-answer.js";
import {
  approvalById,
  approvalMessage,
  chosenOption,
  requireAnswerable,
  resolveApproval,
} from "../domain/approvals.js";
import { eventId } from "../domain/events.js";
import { answeredBefore, once, repeatable } from "../domain/idempotency.js";
import { runnerById } from "../domain/runners.js";
import { rememberForProject } from "../supervise/approvals/remember.js";
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
      const { answer, remember, editedInput, answers, message } = request;
      const repeat = repeatable(scopeOf(context), ResolveApprovalRequestSchema, request);
      const answered = answeredBefore(store.read, repeat, ResolveApprovalResponseSchema);
      if (answered !== undefined) return answered;
      const before = approvalById(store.read, request.approvalId);
      requireAnswerable(before, Date.now());
      const wanted =
        answer.case === "optionId" ? { optionId: answer.value } : { allow: answer.value === true };
      const controller = supervisor.live(runnerById(store.read, before.runnerId));
      return await controller.change((tx, memory) => {
        const { answer: response, effect: lines } = once(tx, repeat, ResolveApprovalResponseSchema, () => {
          const row = approvalById(tx, before.id);
          requireAnswerable(row, Date.now());
          const option = chosenOption(row, wanted, remember === ApprovalRemember.SESSION);
          const { answersInDetail } = memory.adapter;
          const { question } = approvalMessage(row);
          checkDetails({ question, answersInDetail }, option, { editedInput, answers, message, remember });
          const allows = isAllowed(option);
          const mode = allows ? PermissionMode.ALLOW : PermissionMode.DENY;
          const projectRule =
            remember === ApprovalRemember.PROJECT ? rememberForProject(tx, row, memory, mode) : undefined;
          const state = allows ? ApprovalState.ALLOWED : ApprovalState.REJECTED;
          const told = { optionId: option.id, editedInput, answers, message };
          const resolved = resolveApproval(tx, row, state, { ...told, by: callerOf(context) });
          const approval = approvalMessage(resolved);
          return {
            answer: create(ResolveApprovalResponseSchema, { approval, projectRule }),
            effect: memory.adapter.answer(row.agentRequestId, told),
          };
        });
        return { value: response, out: { lines: lines ?? [], prompts: [] } };
      });
    },
  };
}
