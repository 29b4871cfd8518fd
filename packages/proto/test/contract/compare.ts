import type { Contract, Type } from "./contract.js";

/** Numbers below this one belong to the promise; what we add to a promised message starts here. */
const firstOwnNumber = 100;

function compareType(name: string, promised: Type, actual: Type, enumsMayGrow: boolean): string[] {
  const differences: string[] = [];
  for (const [memberName, { declaration }] of promised.members) {
    const found = actual.members.get(memberName)?.declaration ?? "nothing";
    if (found !== declaration) differences.push(`${name}: promised "${declaration}", compiled "${found}"`);
  }
  for (const [memberName, { declaration, number = firstOwnNumber }] of actual.members) {
    if (promised.members.has(memberName)) continue;
    if (promised.kind === "enum" && !enumsMayGrow)
      differences.push(`${name}: "${declaration}" is not promised`);
    if (promised.kind !== "message") continue;
    if (number < firstOwnNumber) {
      differences.push(
        `${name}: "${declaration}" is not promised; our own numbers start at ${firstOwnNumber}`,
      );
    }
    if (declaration.startsWith("required ")) {
      differences.push(`${name}: "${declaration}" is not promised, so it must not be required`);
    }
  }
  return differences;
}

/**
 * How the compiled contract departs from a promised one, a sentence each; empty if it keeps it. Services may have
 * further RPCs, messages further fields from number 100; a promised enum keeps exactly its values unless `enumsMayGrow`.
 */
export function compareContract(
  promised: Contract,
  actual: Contract,
  { enumsMayGrow = false }: { enumsMayGrow?: boolean } = {},
): string[] {
  return [...promised].flatMap(([name, type]) => {
    const found = actual.get(name);
    if (!found) return [`${type.kind} ${name} is promised, but not compiled`];
    if (found.kind !== type.kind)
      return [`${name} is promised as ${type.kind}, but compiled as ${found.kind}`];
    return compareType(name, type, found, enumsMayGrow);
  });
}
