import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { DomainError } from "../errors.js";

/**
 * A message as the store keeps it.
 *
 * @throws DomainError data_loss for bytes that are no such message; they say nothing of what is in them
 */
export function readStored<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new DomainError(
      "data_loss",
      "RECORD_DAMAGED",
      `a stored ${schema.name} is damaged and cannot be read; restore a backup`,
      { details: { type: schema.typeName }, cause },
    );
  }
}
