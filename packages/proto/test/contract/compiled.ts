import type { DescFile } from "@bufbuild/protobuf";
import { registry } from "../../src/registry.js";
import { describeContract } from "./describe.js";

function withImports(file: DescFile, found: Set<DescFile>): Set<DescFile> {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of file.dependencies) withImports(imported, found);
  return found;
}

const reachable = new Set<DescFile>();
for (const desc of registry) withImports(desc.file, reachable);
const files = [...reachable].filter((file) => file.proto.package === "stratavore.v1");

/** What the generated code defines in our package. */
export const compiledContract = describeContract(files);

/** Path of the file that defines each top-level message and enum. */
export const homes: ReadonlyMap<string, string> = new Map(
  files.flatMap((file) => [...file.messages, ...file.enums].map((desc) => [desc.name, file.proto.name])),
);
