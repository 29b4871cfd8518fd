/** One member as a .proto file would declare it, without its semicolon: a field, an enum value or an RPC. */
export interface Member {
  declaration: string;
  /** Field or enum value number; absent for an RPC. */
  number?: number;
}

/** A service, message or enum; members by name, in order. */
export interface Type {
  kind: "service" | "message" | "enum";
  members: Map<string, Member>;
}

/** Types by name, relative to the package `stratavore.v1`; nested ones as `Outer.Inner`. */
export type Contract = Map<string, Type>;

/** Adds a type; throws if the name is taken. */
export function addType(contract: Contract, name: string, type: Type): void {
  if (contract.has(name)) throw new Error(`${name} is defined twice`);
  contract.set(name, type);
}

/** Adds a member; throws if the name is taken. */
export function addMember(type: Type, name: string, member: Member): void {
  if (type.members.has(name)) throw new Error(`${name} is declared twice`);
  type.members.set(name, member);
}
