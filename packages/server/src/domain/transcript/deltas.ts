import { create } from "@bufbuild/protobuf";
import { type Part, type PartDelta, PartSchema } from "@stratavore/proto";

/** Changes the parts as the delta says. Text grows, everything else is replaced whole. */
export function applyDelta(parts: Part[], delta: PartDelta): void {
  const { change, partIndex } = delta;
  const part = parts[partIndex];
  if (change.case === "part") {
    parts[partIndex] = change.value;
  } else if (change.case === "appendText") {
    const before = part?.kind.case === "text" ? part.kind.value : "";
    parts[partIndex] = create(PartSchema, { kind: { case: "text", value: before + change.value } });
  } else if (change.case === "appendThinking") {
    const before = part?.kind.case === "thinking" ? part.kind.value : "";
    parts[partIndex] = create(PartSchema, { kind: { case: "thinking", value: before + change.value } });
  }
}
