import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Approval, type ApprovalRule, ApprovalSchema } from "@stratavore/proto";
import type { ApprovalRow } from "../store/index.js";

/** How an approval was answered. */
export interface Resolution {
  /** Empty: by none of the options. */
  optionId: string;
  /** A person, `policy` or `deadline`; empty: nobody. */
  by: string;
  rule?: ApprovalRule | undefined;
}

/** Begins what is more than an option's id, which is stored as its text alone. */
const inFull = 0;

export function storedResolution({ optionId, rule }: Resolution): Uint8Array {
  if (rule === undefined) return Buffer.from(optionId);
  const message = create(ApprovalSchema, { optionId, rule });
  return Buffer.concat([Buffer.of(inFull), toBinary(ApprovalSchema, message)]);
}

export function resolutionOf({ resolution }: ApprovalRow): Partial<Pick<Approval, "optionId" | "rule">> {
  if (resolution === null) return {};
  if (resolution[0] !== inFull) return { optionId: Buffer.from(resolution).toString() };
  const { optionId, rule } = fromBinary(ApprovalSchema, resolution.subarray(1));
  return { optionId, ...(rule && { rule }) };
}
