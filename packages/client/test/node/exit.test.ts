import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RunnerService } from "@stratavore/proto";
import { expect, test } from "vitest";
import { testServer } from "../fixtures/cleanup.js";
import { EventLog } from "../fixtures/event-log.js";
import { until } from "../fixtures/until.js";

const program = fileURLToPath(new URL("../fixtures/exit-after-close.mjs", import.meta.url));

test("a process ends by itself after close(), with a stream that was open", async () => {
  const log = new EventLog();
  log.append();
  const server = await testServer((router) => {
    router.rpc(RunnerService.method.streamRunnerEvents, log.stream);
  });
  const { stdout } = await promisify(execFile)(process.execPath, [program, `127.0.0.1:${server.port}`], {
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  expect(stdout).toBe("e1-1; the client is closed");
  await until(() => log.open === 0);
}, 15_000);
