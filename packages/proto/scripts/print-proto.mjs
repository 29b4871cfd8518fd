// Prints a proto2 file descriptor as source text. Options are left out: nothing that imports the file reads them.
import { ScalarType } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

const scalarName = (type) => ScalarType[type]?.toLowerCase();

function fieldLine(field, indent) {
  const type =
    field.type === Type.MESSAGE || field.type === Type.ENUM ? field.typeName : scalarName(field.type);
  if (type === undefined || field.type === Type.GROUP) throw new Error(`cannot print field ${field.name}`);
  let label = "optional ";
  if (field.label === Label.REPEATED) label = "repeated ";
  if (field.label === Label.REQUIRED) label = "required ";
  if (field.oneofIndex !== undefined && Object.hasOwn(field, "oneofIndex")) label = "";
  return `${indent}${label}${type} ${field.name} = ${field.number};\n`;
}

function enumText(desc, indent) {
  const values = desc.value.map((value) => `${indent}  ${value.name} = ${value.number};\n`).join("");
  return `${indent}enum ${desc.name} {\n${values}${reservedText(desc, indent, 0)}${indent}}\n`;
}

function reservedText(desc, indent, endIsExclusive) {
  const ranges = desc.reservedRange.map(({ start, end }) => `${start} to ${end - endIsExclusive}`);
  const names = desc.reservedName.map((name) => `"${name}"`);
  return [ranges, names]
    .filter((list) => list.length > 0)
    .map((list) => `${indent}  reserved ${list.join(", ")};\n`)
    .join("");
}

function messageText(desc, indent) {
  const inner = `${indent}  `;
  const inOneof = (field) => Object.hasOwn(field, "oneofIndex");
  let text = `${indent}message ${desc.name} {\n`;
  for (const nested of desc.nestedType) text += messageText(nested, inner);
  for (const nested of desc.enumType) text += enumText(nested, inner);
  for (const field of desc.field.filter((each) => !inOneof(each))) text += fieldLine(field, inner);
  desc.oneofDecl.forEach((oneof, index) => {
    text += `${inner}oneof ${oneof.name} {\n`;
    for (const field of desc.field.filter((each) => inOneof(each) && each.oneofIndex === index)) {
      text += fieldLine(field, `${inner}  `);
    }
    text += `${inner}}\n`;
  });
  for (const { start, end } of desc.extensionRange) {
    text += `${inner}extensions ${start} to ${end >= 536870912 ? "max" : end - 1};\n`;
  }
  return `${text}${reservedText(desc, indent, 1)}${indent}}\n`;
}

/** Source text of a proto2 file without groups; throws on what it cannot print. */
export function printProto(file) {
  const proto = file.proto;
  if (file.edition !== 998) throw new Error(`${proto.name} is not proto2`);
  let text = `syntax = "proto2";\n\npackage ${proto.package};\n\n`;
  for (const path of proto.dependency) text += `import "${path}";\n`;
  for (const desc of proto.messageType) text += `\n${messageText(desc, "")}`;
  for (const desc of proto.enumType) text += `\n${enumText(desc, "")}`;
  for (const extension of proto.extension) {
    text += `\nextend ${extension.extendee} {\n${fieldLine(extension, "  ")}}\n`;
  }
  return text;
}
