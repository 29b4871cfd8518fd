import type { DescFile } from "@bufbuild/protobuf";
import { registry } from "../../src/registry.js";
import { describeContract } from "./describe.js";

function withImports(file: DescFile, found: Set<DescFile>): Set<DescFile> {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of file.dependencies) withImports(imported, found);
  return found;
}

const files = new Set<DescFile>();
for (const desc of registry) withImports(desc.file, files);

/** What the generated code defines in our package. */
export const compiledContract = describeContract(
  [...files].filter((file) => file.proto.package === "stratavore.v1"),
);
