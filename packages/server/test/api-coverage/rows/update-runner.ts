import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { sleeper } from "./agents.js";

const rpc = "UpdateRunner";

/** A runner with something in every field. */
async function full(server: Opened): Promise<{ runnerId: string; etag: string }> {
  await project(server);
  const { runner } = await server.runners.createRunner({
    projectName: "web",
    spec: sleeper,
    model: "before",
    temperature: 0.1,
    maxTokens: 100,
    metadata: { team: "before" },
  });
  const { id: runnerId } = runner!;
  await server.runners.waitRunner({ runnerId, statuses: [2] });
  return { runnerId, etag: (await server.runners.getRunner({ runnerId })).runner!.etag };
}

type Full = Awaited<ReturnType<typeof full>>;

const update = async ({ runners }: Opened, given: object, { runnerId }: Full) =>
  (await runners.updateRunner({ runnerId, ...given })).runner!;

export const updateRunner: readonly Row[] = [
  row({
    rpc,
    field: "runner_id",
    unset: ["refused", "INVALID_ARGUMENT runner_id"],
    set: ["that runner is changed", { team: "after" }],
    value: ({ runnerId }: Full) => ({ runnerId }),
    prepare: full,
    see: async ({ runners }, given) =>
      (await runners.updateRunner({ metadata: { team: "after" }, ...given })).runner!.metadata,
  }),
  row({
    rpc,
    field: "model",
    unset: ["it stays", "before"],
    set: ["it is replaced", "after"],
    value: { model: "after" },
    prepare: full,
    see: async (server, given, runner) => (await update(server, given, runner)).model,
  }),
  row({
    rpc,
    field: "temperature",
    unset: ["it stays", 0.1],
    set: ["it is replaced", 0.2],
    value: { temperature: 0.2 },
    prepare: full,
    see: async (server, given, runner) => (await update(server, given, runner)).temperature,
  }),
  row({
    rpc,
    field: "max_tokens",
    unset: ["it stays", 100],
    set: ["it is replaced", 200],
    value: { maxTokens: 200 },
    prepare: full,
    see: async (server, given, runner) => (await update(server, given, runner)).maxTokens,
  }),
  row({
    rpc,
    field: "metadata",
    unset: ["its labels stay", { team: "before" }],
    set: ["they are replaced as a whole", { kind: "after" }],
    value: { metadata: { kind: "after" } },
    prepare: full,
    see: async (server, given, runner) => (await update(server, given, runner)).metadata,
  }),
  row({
    rpc,
    field: "update_mask",
    unset: ["all that is not at its default is changed", [100, 0.9, { team: "before" }]],
    set: ["what it names is changed, also to nothing, and no more", [100, 0.1, {}]],
    value: { updateMask: { paths: ["metadata"] } },
    prepare: full,
    async see(server, given, runner) {
      await update(server, { temperature: 0.1 }, runner);
      const { maxTokens, temperature, metadata } = await update(
        server,
        { temperature: 0.9, ...given },
        runner,
      );
      return [maxTokens, temperature, metadata];
    },
  }),
  row({
    rpc,
    field: "etag",
    unset: ["it is changed, whatever it has become", { team: "after" }],
    set: ["a change that is based on an older state is refused", "ABORTED ETAG_STALE"],
    value: ({ etag }: Full) => ({ etag }),
    async prepare(server) {
      const made = await full(server);
      await update(server, { metadata: { changed: "meanwhile" } }, made);
      return made;
    },
    see: async (server, given, runner) =>
      (await update(server, { metadata: { team: "after" }, ...given }, runner)).metadata,
  }),
];
