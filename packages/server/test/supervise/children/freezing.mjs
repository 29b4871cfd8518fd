// `node freezing.mjs OPTIONS IDS WHEN`: a server that dies by SIGKILL when its frozen runner is to go on, or once it has
// frozen one that a message is being handed to.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createClient } from "@connectrpc/connect";
import { RunnerService, SessionService, TurnState } from "@stratavore/proto";
import { open } from "./open.mjs";

const [options, ids, when] = process.argv.slice(2);
const { runnerId, sessionId } = JSON.parse(ids);
const server = await open(JSON.parse(options));
const runners = createClient(RunnerService, server.transport);
const sessions = createClient(SessionService, server.transport);
const kill = process.kill.bind(process);
const die = () => kill(process.pid, "SIGKILL");

if (when === "thaw") {
  await runners.pauseRunner({ runnerId, freeze: true });
  const { writeFileSync } = fs;
  fs.writeFileSync = (path, ...rest) =>
    String(path).endsWith("cgroup.freeze") ? die() : writeFileSync(path, ...rest);
  process.kill = (pid, signal) => (signal === "SIGCONT" ? die() : kill(pid, signal));
  syncBuiltinESMExports();
  await runners.resumeRunner({ runnerId });
}

if (when === "sending") {
  const { turn } = await sessions.sendMessage({ sessionId, text: "!say lost\n".padEnd(1_000_000, "x") });
  let state = turn.state;
  while (state !== TurnState.SENDING) {
    state = (await sessions.getSession({ sessionId })).session.latestTurn.state;
  }
  await runners.pauseRunner({ runnerId, freeze: true });
  die();
}
