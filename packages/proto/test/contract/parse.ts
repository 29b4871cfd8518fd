import { addMember, addType, type Contract, type Member, type Type } from "./contract.js";

const heading = /^(service|message|enum) (\w+) \{(\})?$/;
const rpc = /^rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\)$/;
const field = /^(?:(?:optional|repeated) )?(?:map<\w+, [\w.]+>|[\w.]+) (\w+) = (\d+)$/;
const value = /^(\w+) = (\d+)$/;

/** The text of every fenced `protobuf` block of a Markdown page, with the line on which each begins. */
function protobufBlocks(page: string): { text: string; line: number }[] {
  return [...page.matchAll(/^```protobuf\n([\s\S]*?)^```$/gm)].map((match) => ({
    text: match[1] ?? "",
    line: page.slice(0, match.index).split("\n").length + 1,
  }));
}

function parseMember(kind: Type["kind"], declaration: string): [name: string, member: Member] | undefined {
  if (kind === "service") {
    const name = rpc.exec(declaration)?.[1];
    return name === undefined ? undefined : [name, { declaration }];
  }
  const [, name, number] = (kind === "enum" ? value : field).exec(declaration) ?? [];
  return name === undefined ? undefined : [name, { declaration, number: Number(number) }];
}

/**
 * What the `protobuf` blocks of a Markdown page define. Comments do not count. A page uses one line for each
 * declaration; anything else throws an error that names the line, so that no part is skipped unseen.
 */
export function parseContract(page: string): Contract {
  const contract: Contract = new Map();
  for (const block of protobufBlocks(page)) {
    let open: Type | undefined;
    block.text.split("\n").forEach((raw, index) => {
      const line = raw
        .replace(/\/\/.*/, "")
        .replace(/\s+/g, " ")
        .trim();
      if (line === "") return;
      const opened = heading.exec(line);
      const member = open && line.endsWith(";") ? parseMember(open.kind, line.slice(0, -1)) : undefined;
      if (!open && opened?.[1] && opened[2]) {
        const type: Type = { kind: opened[1] as Type["kind"], members: new Map() };
        addType(contract, opened[2], type);
        if (!opened[3]) open = type;
      } else if (open && member) {
        addMember(open, ...member);
      } else if (open && line === "}") {
        open = undefined;
      } else {
        throw new Error(`line ${block.line + index} is not understood: ${raw.trim()}`);
      }
    });
    if (open) throw new Error(`the block on line ${block.line} ends inside a definition`);
  }
  return contract;
}
