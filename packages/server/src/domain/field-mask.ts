import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { invalidField } from "./errors.js";

/**
 * The fields that an update changes.
 *
 * @param mask of the request; without paths: every field that is not at its default
 * @param isSet the fields that can be changed, by proto name, and whether the request has them
 * @throws DomainError invalid_argument naming a path that cannot be changed
 */
export function fieldsToChange<Name extends string>(
  mask: FieldMask | undefined,
  isSet: Readonly<Record<Name, boolean>>,
): ReadonlySet<Name> {
  const names = Object.keys(isSet) as Name[];
  const paths = mask?.paths ?? [];
  if (paths.length === 0) return new Set(names.filter((name) => isSet[name]));
  const known = (path: string): path is Name => Object.hasOwn(isSet, path);
  const wrong = paths.find((path) => !known(path));
  if (wrong === undefined) return new Set(paths.filter(known));
  const text = `"${wrong.slice(0, 100)}" is no field that can be changed; there are ${names.join(", ")}`;
  throw invalidField("update_mask", text);
}
