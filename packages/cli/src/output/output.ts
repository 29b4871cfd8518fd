import {
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { registry } from "@stratavore/proto/registry";
import { styled } from "./style.js";

/** Where a command says what it found: values for programs with `--json`, else lines for people. */
export class Output {
  constructor(readonly json: boolean) {}

  /** True if a person watches: then there are tables, colours and progress. */
  get terminal(): boolean {
    return !this.json && process.stdout.isTTY === true;
  }

  line(text = ""): void {
    process.stdout.write(`${text}\n`);
  }

  /** One JSON value on a line of its own. */
  value(value: JsonValue): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** One message as JSON on a line of its own. */
  message<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
    this.value(jsonOf(schema, message));
  }

  /** A remark that is no part of the result; on standard error, and not with `--json`. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  /** Something that was not done as asked. */
  warning(text: string): void {
    process.stderr.write(`${styled("yellow", "warning:")} ${text}\n`);
  }
}

/** A message as JSON. Fields at their default are there, so that a program can rely on them. */
export const jsonOf = <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonObject =>
  toJson(schema, message, { registry, alwaysEmitImplicit: true }) as JsonObject;
