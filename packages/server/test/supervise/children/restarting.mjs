// `node restarting.mjs OPTIONS REQUEST WHEN`: a server that restarts a runner and dies by SIGKILL in the middle of it.
import childProcess from "node:child_process";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { createClient } from "@connectrpc/connect";
import { RunnerService, RunnerStatus } from "@stratavore/proto";
import { open } from "./open.mjs";

const [options, request, when] = process.argv.slice(2);
const { runnerId } = JSON.parse(request);
const server = await open(JSON.parse(options));
const runners = createClient(RunnerService, server.transport);
const die = () => process.kill(process.pid, "SIGKILL");
const { spawn } = childProcess;

const hooks = {
  "while the agent is being stopped": () =>
    void runners.waitRunner({ runnerId, statuses: [RunnerStatus.STOPPING] }).then(die),
  // What is left of the agent is removed once its end is recorded.
  "when the agent has ended": () => {
    fs.rm = die;
  },
  "before the next agent is started": () => {
    childProcess.spawn = die;
  },
  "before the start of the next agent is recorded": () => {
    childProcess.spawn = (...args) => {
      const child = spawn(...args);
      die();
      return child;
    };
  },
};
hooks[when]();
syncBuiltinESMExports();
await runners.restartRunner(JSON.parse(request));
