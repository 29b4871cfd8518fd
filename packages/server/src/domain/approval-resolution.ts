import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { type Approval, type ApprovalRule, ApprovalSchema } from "@stratavore/proto";
import type { ApprovalRow } from "../store/index.js";

/** How an approval was answered. */
export interface Resolution {
  /** Empty: by none of the options. */
  optionId: string;
  /** A person, `policy` or `deadline`; empty: nobody. */
  by: string;
  rule?: ApprovalRule | undefined;
  /** What it was answered with beside an option, where the agent takes that. */
  editedInput?: JsonObject | undefined;
  answers?: JsonObject | undefined;
  message?: string | undefined;
}

/** Begins what is more than an option's id, which is stored as its text alone. */
const inFull = 0;

export function storedResolution({ by: _, optionId, ...more }: Resolution): Uint8Array {
  const given = Object.entries(more).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return Buffer.from(optionId);
  const message = create(ApprovalSchema, { optionId, ...Object.fromEntries(given) });
  return Buffer.concat([Buffer.of(inFull), toBinary(ApprovalSchema, message)]);
}

export function resolutionOf({ resolution }: ApprovalRow): Partial<Approval> {
  if (resolution === null) return {};
  if (resolution[0] !== inFull) return { optionId: Buffer.from(resolution).toString() };
  const { optionId, message, rule, editedInput, answers } = fromBinary(
    ApprovalSchema,
    resolution.subarray(1),
  );
  return {
    optionId,
    message,
    ...(rule && { rule }),
    ...(editedInput && { editedInput }),
    ...(answers && { answers }),
  };
}
