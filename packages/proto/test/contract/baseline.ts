import { compiledContract, homes } from "./compiled.js";
import type { Contract } from "./contract.js";
import { apiReference, completion } from "./pages.js";
import { parseContract } from "./parse.js";
import { placeTypes } from "./placement.js";
import { printContract, undefinedTypes } from "./print.js";

/**
 * The promised part of the contract as .proto files by path: what buf compares the contract with. Types of ours that it
 * only mentions are there as empty shells, in the files where they are now.
 */
export function baselineFiles(): Map<string, string> {
  const promised: Contract = new Map([...parseContract(apiReference), ...parseContract(completion)]);
  const places = placeTypes(promised);
  for (const name of undefinedTypes(promised)) {
    const type = compiledContract.get(name);
    const home = homes.get(name);
    if (!type || !home) throw new Error(`${name} is mentioned, but not compiled`);
    const firstMember = [...type.members].slice(0, type.kind === "enum" ? 1 : 0);
    promised.set(name, { kind: type.kind, members: new Map(firstMember) });
    places.set(name, home);
  }
  return printContract(promised, places);
}
