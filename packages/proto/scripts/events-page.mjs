import { ScalarType } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

const prefix = "stratavore.v1.";
const shortName = (typeName) => typeName.replace(prefix, "");
const comment = (desc) => (getComments(desc).leading ?? "").trim().replace(/\s*\n\s*/g, " ");
const cell = (text) => text.replaceAll("|", "\\|");

function typeText(field) {
  const element = field.message ?? field.enum;
  const name = element ? shortName(element.typeName) : ScalarType[field.scalar].toLowerCase();
  if (field.fieldKind === "list") return `repeated ${name}`;
  return field.proto.proto3Optional ? `optional ${name}` : name;
}

/**
 * Each event type but the unspecified one, with the payload message that its comment names after a colon; a type
 * without one has no payload.
 *
 * @param {import("@bufbuild/protobuf").FileRegistry} registry compiled with comments
 */
export function eventTypes(registry) {
  const values = registry.getEnum(`${prefix}EventType`).values.filter(({ number }) => number !== 0);
  return values.map((value) => {
    const [, when, name, more] = /^([^:]*): ([A-Z]\w+)\.(.*)$/.exec(comment(value)) ?? [];
    const payload = name === undefined ? undefined : registry.getMessage(prefix + name);
    return {
      name: value.name,
      number: value.number,
      when: when === undefined ? comment(value) : `${when}.${more}`,
      payloadName: name,
      payload,
    };
  });
}

function payloadSection({ name, payload }) {
  const rows = payload.fields.map(
    (field) => `| \`${field.name}\` | ${field.number} | ${typeText(field)} | ${cell(comment(field))} |\n`,
  );
  return (
    `\n### ${payload.name}\n\n${comment(payload)} Payload of \`${name}\`.\n\n` +
    `| field | number | type | meaning |\n|---|---|---|---|\n${rows.join("")}`
  );
}

/**
 * The page of the documentation that lists event types and their payloads.
 *
 * @param {import("@bufbuild/protobuf").FileRegistry} registry compiled with comments
 * @returns {string} Markdown
 */
export function eventsPage(registry) {
  const types = eventTypes(registry);
  const rows = types.map(({ name, number, when, payload }) => {
    const link = payload ? `[${payload.name}](#${payload.name.toLowerCase()})` : "none";
    const fields = payload ? payload.fields.map((field) => `\`${field.name}\``).join(", ") : "";
    return `| \`${name}\` | ${number} | ${cell(when)} | ${link} | ${fields} |\n`;
  });
  return (
    "<!-- Generated from proto/stratavore/v1/event.proto by `npm run generate`; do not edit. -->\n\n# Events\n\n" +
    "A stream that names no types gets the `RUNNER_` types, heartbeats excepted; all others come on request. `payload`\n" +
    "of an event is a `google.protobuf.Any` of the message named here, in the package `stratavore.v1`.\n\n" +
    `## Types\n\n| type | number | when | payload | its fields |\n|---|---|---|---|---|\n${rows.join("")}` +
    `\n## Payloads\n${types
      .filter(({ payload }) => payload)
      .map(payloadSection)
      .join("")}`
  );
}
