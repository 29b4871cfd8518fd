import { createRouterTransport } from "@connectrpc/connect";
import { type ListRunnersRequest, RunnerService } from "@stratavore/proto";
import { expect, test } from "vitest";
import { createClient } from "../src/index.js";

function paged(total: number) {
  const requests: ListRunnersRequest[] = [];
  const transport = createRouterTransport((router) => {
    router.rpc(RunnerService.method.listRunners, (request) => {
      requests.push(request);
      const from = request.pageToken ? Number(request.pageToken) : request.offset;
      const to = Math.min(total, from + request.limit);
      return {
        runners: Array.from({ length: to - from }, (_, index) => ({ id: `runner_${from + index}` })),
        nextPageToken: to < total ? String(to) : "",
      };
    });
  });
  return { client: createClient({ transport }), requests };
}

test("all() gives the rows of every page with the same filter", async () => {
  const { client, requests } = paged(7);
  const ids: string[] = [];
  for await (const runner of client.runners.all({ projectName: "p", limit: 3, offset: 1 }))
    ids.push(runner.id);
  expect(ids).toEqual(["runner_1", "runner_2", "runner_3", "runner_4", "runner_5", "runner_6"]);
  expect(requests.map(({ pageToken, offset }) => [pageToken, offset])).toEqual([
    ["", 1],
    ["4", 0],
  ]);
  expect(requests.every(({ projectName, limit }) => projectName === "p" && limit === 3)).toBe(true);
});

test("all() asks for no page that nobody reads", async () => {
  const { client, requests } = paged(100);
  for await (const _ of client.runners.all({ limit: 10 })) break;
  expect(requests).toHaveLength(1);
});

test("all() of nothing is nothing", async () => {
  const { client } = paged(0);
  for await (const runner of client.runners.all({ limit: 10 })) expect.unreachable(runner.id);
});
