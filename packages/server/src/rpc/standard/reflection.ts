import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import type { reflectionV1, reflectionV1Alpha } from "@stratavore/proto/grpc";

type Request = reflectionV1.ServerReflectionRequest | reflectionV1Alpha.ServerReflectionRequest;

/** What a client can ask for: names of services, and the files that define a name. */
interface Index {
  services: string[];
  files: Map<string, DescFile>;
  /** File name by the full name of each service, method, message, field, enum, value and extension in it. */
  symbols: Map<string, string>;
  extensions: Map<string, Map<number, string>>;
}

/**
 * gRPC server reflection, as https://github.com/grpc/grpc/blob/master/doc/server-reflection.md defines it. The two
 * versions of the protocol have the same messages.
 */
export function reflectionService(
  roots: readonly DescFile[],
): ServiceImpl<typeof reflectionV1.ServerReflection> &
  ServiceImpl<typeof reflectionV1Alpha.ServerReflection> {
  const index = indexOf(roots);
  return {
    async *serverReflectionInfo(requests: AsyncIterable<Request>) {
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request as never,
          messageResponse: answer(index, request),
        };
      }
    },
  };
}

function answer(index: Index, { messageRequest: asked }: Request) {
  const notFound = (what: string) => ({
    case: "errorResponse" as const,
    value: { errorCode: Code.NotFound, errorMessage: `there is no ${what}` },
  });
  switch (asked.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: index.services.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return files(index, asked.value) ?? notFound(`file ${asked.value}`);
    case "fileContainingSymbol":
      return files(index, index.symbols.get(asked.value)) ?? notFound(`symbol ${asked.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = index.extensions.get(containingType)?.get(extensionNumber);
      return files(index, file) ?? notFound(`extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const known = index.extensions.get(asked.value);
      if (known === undefined && !index.symbols.has(asked.value)) return notFound(`type ${asked.value}`);
      return {
        case: "allExtensionNumbersResponse" as const,
        value: { baseTypeName: asked.value, extensionNumber: [...(known?.keys() ?? [])] },
      };
    }
    default:
      return {
        case: "errorResponse" as const,
        value: { errorCode: Code.InvalidArgument, errorMessage: "the request asks for nothing" },
      };
  }
}

/** A file with all that it imports, so that one answer is enough. */
function files(index: Index, name: string | undefined) {
  const root = name === undefined ? undefined : index.files.get(name);
  if (root === undefined) return undefined;
  const found = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    if (found.has(file.proto.name)) return;
    found.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  add(root);
  const fileDescriptorProto = [...found.values()].map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

function indexOf(roots: readonly DescFile[]): Index {
  const index: Index = { services: [], files: new Map(), symbols: new Map(), extensions: new Map() };
  for (const root of roots) index.services.push(...root.services.map(({ typeName }) => typeName));
  const visit = (file: DescFile): void => {
    if (index.files.has(file.proto.name)) return;
    index.files.set(file.proto.name, file);
    indexSymbols(index, file);
    file.dependencies.forEach(visit);
  };
  roots.forEach(visit);
  index.services.sort();
  return index;
}

function indexSymbols({ symbols, extensions }: Index, file: DescFile): void {
  const name = file.proto.name;
  const message = (desc: DescFile["messages"][number]): void => {
    symbols.set(desc.typeName, name);
    for (const field of desc.fields) symbols.set(`${desc.typeName}.${field.name}`, name);
    desc.nestedMessages.forEach(message);
    desc.nestedEnums.forEach(enumeration);
  };
  const enumeration = (desc: DescFile["enums"][number]): void => {
    symbols.set(desc.typeName, name);
    // The names of an enum's values are in the scope that the enum is in.
    const scope = desc.typeName.slice(0, -desc.name.length);
    for (const value of desc.values) symbols.set(scope + value.name, name);
  };
  file.messages.forEach(message);
  file.enums.forEach(enumeration);
  for (const service of file.services) {
    symbols.set(service.typeName, name);
    for (const method of service.methods) symbols.set(`${service.typeName}.${method.name}`, name);
  }
  for (const extension of file.extensions) {
    symbols.set(extension.typeName, name);
    const { typeName } = extension.extendee;
    const known = extensions.get(typeName) ?? new Map<number, string>();
    known.set(extension.number, name);
    extensions.set(typeName, known);
  }
}
