import type { ContentBlock } from "@agentclientprotocol/sdk";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { type Part, PartSchema } from "@stratavore/proto";
import { freeJson, recordIn, textIn } from "../read.js";

type Block = Record<string, unknown>;

const other = (value: Block): Part =>
  create(PartSchema, { kind: { case: "other", value: freeJson(value) as JsonObject } });

const blob = (mimeType: string, base64: string, uri: string, name: string): Part =>
  create(PartSchema, {
    kind: { case: "blob", value: { mimeType, data: Buffer.from(base64, "base64"), uri, name } },
  });

/** A content block as a part; what has no kind of its own is kept as it came. */
export function partOf(block: Block): Part {
  switch (block.type) {
    case "text":
      return create(PartSchema, { kind: { case: "text", value: textIn(block.text) } });
    case "image":
    case "audio":
      return blob(textIn(block.mimeType), textIn(block.data), textIn(block.uri), "");
    case "resource_link":
      return blob(textIn(block.mimeType), "", textIn(block.uri), textIn(block.name));
    case "resource": {
      const resource = recordIn(block.resource);
      const uri = textIn(resource.uri);
      if (typeof resource.text !== "string") {
        return blob(textIn(resource.mimeType) || "application/octet-stream", textIn(resource.blob), uri, "");
      }
      const data = Buffer.from(resource.text).toString("base64");
      return blob(textIn(resource.mimeType) || "text/plain", data, uri, "");
    }
    default:
      return other(block);
  }
}

/** What a tool call shows. */
export function toolPartOf(content: Block): Part {
  if (content.type === "content") return partOf(recordIn(content.content));
  if (content.type === "diff") {
    const { oldText } = content;
    const value = {
      path: textIn(content.path),
      newText: textIn(content.newText),
      ...(typeof oldText === "string" ? { oldText: textIn(oldText) } : {}),
    };
    return create(PartSchema, { kind: { case: "fileDiff", value } });
  }
  return other(content);
}

/** What an agent takes in a prompt besides text and links. */
export interface PromptCapabilities {
  image: boolean;
  audio: boolean;
  embeddedContext: boolean;
}

/** Why the agent cannot be sent this part; undefined if it can. */
export function refusedIn({ kind }: Part, takes: PromptCapabilities): string | undefined {
  if (kind.case === "text") return undefined;
  if (kind.case !== "blob") return "a message holds text and blobs only";
  const { mimeType, data, uri } = kind.value;
  if (data.length === 0) return uri === "" ? "a blob needs data or a uri" : undefined;
  if (mimeType.startsWith("image/")) return takes.image ? undefined : "the agent takes no images";
  if (mimeType.startsWith("audio/")) return takes.audio ? undefined : "the agent takes no sound";
  return takes.embeddedContext ? undefined : "the agent takes no files in a message; give a uri instead";
}

/** A message's parts as a prompt; none of them is one that `refusedIn` refuses. */
export function promptOf(parts: readonly Part[]): ContentBlock[] {
  return parts.flatMap(({ kind }): ContentBlock[] => {
    if (kind.case === "text") return [{ type: "text", text: kind.value }];
    if (kind.case !== "blob") return [];
    const { mimeType, data, uri, name } = kind.value;
    if (data.length === 0) return [{ type: "resource_link", uri, name: name || uri, mimeType }];
    const base64 = Buffer.from(data).toString("base64");
    if (mimeType.startsWith("image/")) return [{ type: "image", mimeType, data: base64 }];
    if (mimeType.startsWith("audio/")) return [{ type: "audio", mimeType, data: base64 }];
    const place = { uri: uri || name, mimeType };
    const text = mimeType.startsWith("text/") ? utf8In(data) : undefined;
    return [
      { type: "resource", resource: text === undefined ? { ...place, blob: base64 } : { ...place, text } },
    ];
  });
}

function utf8In(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
