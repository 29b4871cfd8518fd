const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const clearLine = "\r\x1b[2K";

/**
 * @typedef {object} Progress
 * @property {(note: string) => void} note what is under way now; shown on a terminal only
 * @property {(ok: boolean) => void} end
 */

/** @param {number} since milliseconds, as of performance.now() */
const secondsSince = (since) => (performance.now() - since) / 1000;

/**
 * Shows that something is under way: on a terminal one line that turns until it ends, elsewhere a line when it begins
 * and one when it ends.
 *
 * @param {string} title for example "Installing packages"
 * @param {import("node:tty").WriteStream | NodeJS.WritableStream & { isTTY?: boolean, columns?: number }} [output]
 * @returns {Progress}
 */
export function showProgress(title, output = process.stdout) {
  const begin = performance.now();
  const outcome = (/** @type {boolean} */ ok) =>
    `${ok ? "✓" : "✗"} ${title} ${ok ? "took" : "failed after"} ${secondsSince(begin).toFixed(1)} s\n`;
  if (!output.isTTY || process.env.TERM === "dumb") {
    output.write(`  ${title}\n`);
    return { note: () => {}, end: (ok) => void output.write(outcome(ok)) };
  }
  let note = "";
  let frame = 0;
  const draw = () => {
    const line = `${frames[frame++ % frames.length]} ${title} ${secondsSince(begin).toFixed(0)} s  ${note}`;
    output.write(clearLine + line.slice(0, (output.columns ?? 80) - 1));
  };
  draw();
  const timer = setInterval(draw, 100);
  return {
    note: (text) => {
      note = text;
    },
    end: (ok) => {
      clearInterval(timer);
      output.write(clearLine + outcome(ok));
    },
  };
}
