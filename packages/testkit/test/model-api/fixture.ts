import { onTestFinished } from "vitest";
import { type ModelApi, type ModelApiOptions, startModelApi } from "../../src/model-api/server.js";

/** A model API that is closed when the test has finished. */
export async function open(options: ModelApiOptions = {}): Promise<ModelApi> {
  const api = await startModelApi(options);
  onTestFinished(() => api.close());
  return api;
}

/** All that an async iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The lines as one prompt. */
export function script(...lines: string[]): string {
  return lines.join("\n");
}
