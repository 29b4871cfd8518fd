import { stat } from "node:fs/promises";
import type { Services } from "../services.js";

/** Whether the store is whole, in its place, and can be written. */
export async function databaseProblem({ store }: Pick<Services, "store">): Promise<string> {
  const { file, problems } = store.health();
  if (file === "damaged") {
    const where = problems.slice(0, 3).join("; ").replace(/\s+/g, " ");
    return `the store is damaged: ${where}; restore a backup`;
  }
  if (store.file !== null && !(await exists(store.file))) {
    // What is written now is in a file without a name, and gone with this process.
    return `${store.file} is gone: back up what the daemon still has with CreateBackup, then restart it from the copy`;
  }
  try {
    await store.checkWrites();
    return "";
  } catch (error) {
    return `writes fail: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
