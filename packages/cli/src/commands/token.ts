import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { daemonDataDir, daemonRecord } from "../daemon/find.js";
import { CliError, exitCodes } from "../exit-codes.js";
import { action } from "../session.js";

const method = "stratavore.v1.DaemonService/GetStatus";

export const tokenCommand = (): Command =>
  new Command("token")
    .description("print the daemon's local credential, for callers over TCP")
    .option("--examples", "print calls of buf and grpcurl that use it, too (default: on a terminal)")
    .action(
      action(async ({ out, global }, { examples }: { examples?: boolean }) => {
        const dataDir = await daemonDataDir(global);
        const token = await readToken(dataDir);
        const address = (await daemonRecord(dataDir))?.addresses[0] ?? "localhost:50051";
        const bufCurl = `buf curl --protocol grpc --http2-prior-knowledge --reflect-header '*' --header 'authorization: Bearer ${token}' http://${address}/${method}`;
        const grpcurl = `grpcurl -plaintext -H 'authorization: Bearer ${token}' ${address} ${method}`;
        if (out.json) {
          out.value({ token, address, dataDir, examples: { bufCurl, grpcurl } });
          return exitCodes.ok;
        }
        out.line(token);
        if (examples ?? out.terminal) out.line(`\n${bufCurl}\n\n${grpcurl}`);
        return exitCodes.ok;
      }),
    );

async function readToken(dataDir: string): Promise<string> {
  try {
    return (await readFile(join(dataDir, "credential"), "utf8")).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES") {
      throw new CliError(`${join(dataDir, "credential")} belongs to another user`, exitCodes.refused);
    }
    const message = `there is no credential in ${dataDir}: it is written when a daemon starts there`;
    throw new CliError(message, exitCodes.unreachable);
  }
}
