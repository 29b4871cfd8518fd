import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { addMember, addType, type Contract, type Type } from "./contract.js";

/** Type names are relative to this package, as in a .proto file of it. */
type Shorten = (desc: DescMessage | DescEnum) => string;

function typeText(field: DescField | DescExtension, shorten: Shorten): string {
  switch (field.fieldKind) {
    case "scalar":
      return ScalarType[field.scalar].toLowerCase();
    case "enum":
      return shorten(field.enum);
    case "message":
      return shorten(field.message);
    case "map": {
      const value = field.message ?? field.enum;
      const text = value ? shorten(value) : ScalarType[field.scalar!].toLowerCase();
      return `map<${ScalarType[field.mapKey].toLowerCase()}, ${text}>`;
    }
    case "list": {
      const element = field.message ?? field.enum;
      return `repeated ${element ? shorten(element) : ScalarType[field.scalar!].toLowerCase()}`;
    }
  }
}

function labelText(field: DescField | DescExtension): string {
  if (field.oneof) return `oneof ${field.oneof.name}: `;
  if (field.presence === Presence.LEGACY_REQUIRED) return "required ";
  const declared = field.proto.proto3Optional || field.parent?.file.proto.syntax === "proto2";
  return declared && field.presence === Presence.EXPLICIT ? "optional " : "";
}

function describeField(type: Type, field: DescField | DescExtension, shorten: Shorten): void {
  const declaration = `${labelText(field)}${typeText(field, shorten)} ${field.name} = ${field.number}`;
  addMember(type, field.name, { declaration, number: field.number });
}

function describeEnum(contract: Contract, desc: DescEnum, shorten: Shorten): void {
  const type: Type = { kind: "enum", members: new Map() };
  for (const { name, number } of desc.values)
    addMember(type, name, { declaration: `${name} = ${number}`, number });
  addType(contract, shorten(desc), type);
}

function describeMessage(contract: Contract, desc: DescMessage, shorten: Shorten): void {
  const type: Type = { kind: "message", members: new Map() };
  for (const field of desc.fields) describeField(type, field, shorten);
  addType(contract, shorten(desc), type);
  for (const nested of desc.nestedMessages) describeMessage(contract, nested, shorten);
  for (const nested of desc.nestedEnums) describeEnum(contract, nested, shorten);
}

function describeService(contract: Contract, desc: DescService, shorten: Shorten): void {
  const type: Type = { kind: "service", members: new Map() };
  for (const { name, input, output, methodKind } of desc.methods) {
    const takes = methodKind === "client_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
    const gives = methodKind === "server_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
    const declaration = `rpc ${name}(${takes}${shorten(input)}) returns (${gives}${shorten(output)})`;
    addMember(type, name, { declaration });
  }
  addType(contract, desc.name, type);
}

/** What compiled files define, in the words of parseContract; extensions count as members of `extend`. */
export function describeContract(files: Iterable<DescFile>): Contract {
  const contract: Contract = new Map();
  for (const file of files) {
    const prefix = `${file.proto.package}.`;
    const shorten: Shorten = ({ typeName }) =>
      typeName.startsWith(prefix) ? typeName.slice(prefix.length) : typeName;
    for (const desc of file.enums) describeEnum(contract, desc, shorten);
    for (const desc of file.messages) describeMessage(contract, desc, shorten);
    for (const desc of file.services) describeService(contract, desc, shorten);
    for (const desc of file.extensions) {
      const name = `extend ${desc.extendee.typeName}`;
      if (!contract.has(name)) addType(contract, name, { kind: "message", members: new Map() });
      describeField(contract.get(name)!, desc, shorten);
    }
  }
  return contract;
}
