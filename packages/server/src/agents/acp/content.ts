import type { ContentBlock, ToolCallContent } from "@agentclientprotocol/sdk";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { type Part, PartSchema } from "@stratavore/proto";

const other = (value: unknown): Part =>
  create(PartSchema, {
    kind: { case: "other", value: JSON.parse(JSON.stringify(value)) as JsonObject },
  });

const blob = (mimeType: string, base64: string, uri: string, name: string): Part =>
  create(PartSchema, {
    kind: { case: "blob", value: { mimeType, data: Buffer.from(base64, "base64"), uri, name } },
  });

/** A content block as a part; what has no kind of its own is kept as it came. */
export function partOf(block: ContentBlock): Part {
  switch (block.type) {
    case "text":
      return create(PartSchema, { kind: { case: "text", value: String(block.text ?? "") } });
    case "image":
      return blob(block.mimeType, block.data, block.uri ?? "", "");
    case "audio":
      return blob(block.mimeType, block.data, "", "");
    case "resource_link":
      return blob(block.mimeType ?? "", "", block.uri, block.name);
    case "resource": {
      const { resource } = block;
      if ("text" in resource) {
        const data = Buffer.from(resource.text).toString("base64");
        return blob(resource.mimeType ?? "text/plain", data, resource.uri, "");
      }
      return blob(resource.mimeType ?? "application/octet-stream", resource.blob, resource.uri, "");
    }
    default:
      return other(block);
  }
}

/** What a tool call shows. */
export function toolPartOf(content: ToolCallContent): Part {
  if (content.type === "content") return partOf(content.content);
  if (content.type === "diff") {
    const { path, oldText, newText } = content;
    return create(PartSchema, {
      kind: { case: "fileDiff", value: { path, newText, ...(oldText == null ? {} : { oldText }) } },
    });
  }
  return other(content);
}

/** A message's parts as a prompt. Kinds that a prompt cannot hold are refused before a turn is made of them. */
export function promptOf(parts: readonly Part[]): ContentBlock[] {
  return parts.map(({ kind }): ContentBlock => {
    if (kind.case === "text") return { type: "text", text: kind.value };
    if (kind.case !== "blob") throw new TypeError(`a prompt cannot hold ${kind.case ?? "an empty part"}`);
    const { mimeType, data, uri, name } = kind.value;
    const base64 = Buffer.from(data).toString("base64");
    if (data.length === 0) return { type: "resource_link", uri, name: name || uri, mimeType };
    if (mimeType.startsWith("image/")) return { type: "image", mimeType, data: base64 };
    if (mimeType.startsWith("audio/")) return { type: "audio", mimeType, data: base64 };
    return { type: "resource", resource: { uri: uri || name, mimeType, blob: base64 } };
  });
}
