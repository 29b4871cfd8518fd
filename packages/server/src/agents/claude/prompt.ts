import { create, type JsonObject } from "@bufbuild/protobuf";
import { type Part, PartSchema } from "@stratavore/proto";
import { freeJson, recordIn, textIn } from "../read.js";

type Block = Record<string, unknown>;

const images = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Why Claude Code cannot be sent this part; undefined if it can. */
export function refusedIn({ kind }: Part): string | undefined {
  if (kind.case === "text") return undefined;
  if (kind.case !== "blob") return "a message holds text and blobs only";
  const { mimeType, data, uri } = kind.value;
  if (data.length === 0) return uri === "" ? "a blob needs data or a uri" : undefined;
  if (images.includes(mimeType) || mimeType === "application/pdf") return undefined;
  if (mimeType.startsWith("text/")) return isUtf8(data) ? undefined : `the ${mimeType} is not UTF-8`;
  return `Claude Code takes text, ${images.join(", ")} and application/pdf in a message; give a uri instead`;
}

function isUtf8(data: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(data);
    return true;
  } catch {
    return false;
  }
}

/** A message's parts as content blocks; none of them is one that `refusedIn` refuses. */
export const blocksOf = (parts: readonly Part[]): Block[] => parts.flatMap(blockOf);

function blockOf({ kind }: Part): Block[] {
  if (kind.case === "text") return [{ type: "text", text: kind.value }];
  if (kind.case !== "blob") return [];
  const { mimeType, data, uri, name } = kind.value;
  if (data.length === 0) return [{ type: "text", text: name === "" ? uri : `${name}: ${uri}` }];
  const text = () => Buffer.from(data).toString("utf8");
  if (mimeType.startsWith("text/")) {
    const title = name || uri;
    return [{ type: "text", text: title === "" ? text() : `${title}:\n${text()}` }];
  }
  const source = { type: "base64", media_type: mimeType, data: Buffer.from(data).toString("base64") };
  return [{ type: mimeType === "application/pdf" ? "document" : "image", source }];
}

/** What a tool gave back, as parts. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return content === "" ? [] : [textPart(content.toWellFormed())];
  if (!Array.isArray(content)) return [];
  return content.map((each) => partOf(recordIn(each)));
}

const textPart = (value: string): Part => create(PartSchema, { kind: { case: "text", value } });

function partOf(block: Block): Part {
  if (block.type === "text") return textPart(textIn(block.text));
  const source = recordIn(block.source);
  if (block.type === "image" && source.type === "base64") {
    const data = Buffer.from(textIn(source.data), "base64");
    return create(PartSchema, {
      kind: { case: "blob", value: { mimeType: textIn(source.media_type), data } },
    });
  }
  return create(PartSchema, { kind: { case: "other", value: freeJson(block) as JsonObject } });
}
