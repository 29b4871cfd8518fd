/** One JSON-RPC 2.0 message, told apart. */
export type Incoming =
  | { kind: "request"; id: string | number; method: string; params: unknown }
  | { kind: "notification"; method: string; params: unknown }
  | { kind: "result"; id: string | number; result: unknown }
  | { kind: "error"; id: string | number | null; code: number; message: string; data: unknown };

/** An id is kept until its request is answered. */
const maxIdLength = 1024;

/** Null for a line that is not a JSON-RPC message. */
export function parseMessage(line: string): Incoming | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.jsonrpc !== "2.0") return null;
  const { id, method } = value;
  const hasId = (typeof id === "string" && id.length <= maxIdLength) || Number.isFinite(id);
  if (typeof method === "string") {
    if (hasId) return { kind: "request", id: id as string | number, method, params: value.params };
    return { kind: "notification", method, params: value.params };
  }
  if (isRecord(value.error)) {
    return {
      kind: "error",
      id: hasId ? (id as string | number) : null,
      code: typeof value.error.code === "number" ? value.error.code : -32603,
      message: typeof value.error.message === "string" ? value.error.message : "unknown error",
      data: value.error.data,
    };
  }
  return hasId && "result" in value
    ? { kind: "result", id: id as string | number, result: value.result }
    : null;
}

export const request = (id: number, method: string, params: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

export const notification = (method: string, params: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", method, params });

export const result = (id: string | number, value: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", id, result: value });

export const failure = (id: string | number, code: number, message: string) =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
