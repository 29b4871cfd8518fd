import type { Contract, Type } from "./contract.js";

const wellKnown: Record<string, string> = {
  "google.protobuf.Any": "google/protobuf/any.proto",
  "google.protobuf.Duration": "google/protobuf/duration.proto",
  "google.protobuf.FieldMask": "google/protobuf/field_mask.proto",
  "google.protobuf.Timestamp": "google/protobuf/timestamp.proto",
};

/** Names in a declaration's type position that are no scalars. */
function referredTypes({ kind, members }: Type): string[] {
  if (kind === "enum") return [];
  return [...members.values()].flatMap(({ declaration }) => {
    const types =
      kind === "service" ? declaration.replace(/^rpc \w+/, "") : declaration.replace(/ \w+ = \d+$/, "");
    return types.match(/\b(?:[A-Z]\w*|google\.protobuf\.\w+)\b/g) ?? [];
  });
}

/** Names of types that the contract uses and does not define. */
export function undefinedTypes(contract: Contract): string[] {
  const names = new Set([...contract.values()].flatMap(referredTypes));
  return [...names].filter((name) => !contract.has(name) && !(name in wellKnown));
}

function typeText(name: string, { kind, members }: Type): string {
  const lines = [...members.values()].map(({ declaration }) => `  ${declaration};\n`);
  return `\n${kind} ${name} {\n${lines.join("")}}\n`;
}

/** Source text by path of .proto files with each type in its place. Every type that is referred to must have one. */
export function printContract(contract: Contract, places: ReadonlyMap<string, string>): Map<string, string> {
  const files = new Map<string, { imports: Set<string>; text: string }>();
  for (const [name, type] of contract) {
    const path = places.get(name);
    if (path === undefined) throw new Error(`${name} has no place`);
    const file = files.get(path) ?? { imports: new Set(), text: "" };
    files.set(path, file);
    file.text += typeText(name, type);
    for (const referred of referredTypes(type)) {
      const from = wellKnown[referred] ?? places.get(referred);
      if (from === undefined) throw new Error(`${referred} has no place`);
      if (from !== path) file.imports.add(from);
    }
  }
  const header =
    'syntax = "proto3";\n\npackage stratavore.v1;\n\n' +
    'option go_package = "github.com/meridian/stratavore/gen/stratavore/v1;stratavorev1";\n';
  return new Map(
    [...files].map(([path, { imports, text }]) => {
      const importText = [...imports].sort().map((each) => `import "${each}";\n`);
      return [path, `${header}${importText.join("")}${text}`];
    }),
  );
}
