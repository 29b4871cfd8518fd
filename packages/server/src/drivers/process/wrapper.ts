import type { LaunchSpec } from "../driver.js";
import { fileIn } from "./folder.js";

/** What `SIGTERM to the group` and friends must not end: the one process that knows the exit status. */
const SIGNALS = "HUP INT QUIT PIPE ALRM TERM USR1 USR2";

/**
 * Runs an agent, waits for it, and writes its exit status.
 *
 * Arguments: $0 the runner's folder, $1 the agent's cwd, $2 the cgroup.procs to join or empty, $3 what becomes stdin,
 * then the program and its arguments. It sets no variables, because one that is also in the environment would reach
 * the agent changed. Only `mkfifo` is not a builtin, and `command -p` finds it whatever the agent's PATH is.
 *
 * - Traps are `:`, because an ignored signal would stay ignored in the agent; the holder does ignore them.
 * - The agent runs in the foreground: `"$@" &` would make it ignore SIGINT.
 * - The holder keeps the input FIFO open for writing and reads from `hold`, whose only writer is the wrapper (fd 9):
 *   one line there is end of input, and the end of the wrapper, however it came, ends the holder too.
 * - A FIFO waits for both ends to be opened; an agent killed before it had opened its own would leave the holder
 *   waiting, which the wrapper's last line ends.
 * - Wrapper and holder live in /, so that they keep no file system busy.
 * - From `started` on a signal reaches the agent; before, it could be spent on the wrapper alone.
 * - Only the agent joins the cgroup, so that killing or freezing all of it spares the wrapper.
 * - The status counts once its newline is there, which makes one small write as good as a rename.
 */
export const WRAPPER = `trap : ${SIGNALS}
cd /
if [ "$3" != /dev/null ]; then
  command -p mkfifo -m 600 "$0/hold" "$3" 2>>"$0/stderr" || { echo 126 >"$0/status"; exit 126; }
  exec 9<>"$0/hold" 8<"$0/hold"
  ( trap '' ${SIGNALS}; exec 9>&- <&8 8<&- >"$3"; read -r REPLY ) &
  echo "$!" >"$0/holder"
fi
(
  [ -z "$2" ] || { echo 0 >"$2"; } 2>/dev/null || : >"$0/uncontained"
  : >"$0/started"
  cd -- "$1" || exit 126
  unset OLDPWD
  shift 3
  exec "$@"
) <"$3" >>"$0/stdout" 2>>"$0/stderr" 8<&- 9>&-
echo "$?" >"$0/status"
[ ! -p "$3" ] || : <>"$3"
`;

/** Where $0 stands among the arguments of a running wrapper: sh, -c, the script, the folder. */
export const WRAPPER_DIR_INDEX = 3;

export function wrapperArgs(spec: LaunchSpec, cgroup: string | null): string[] {
  const procs = cgroup === null ? "" : `${cgroup}/cgroup.procs`;
  const stdin = spec.input ? fileIn(spec.dir, "input") : "/dev/null";
  return ["-c", WRAPPER, spec.dir, spec.cwd, procs, stdin, spec.program, ...spec.args];
}
