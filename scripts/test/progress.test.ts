import { Writable } from "node:stream";
import { expect, it, vi } from "vitest";
import { showProgress } from "../progress.mjs";

function output(options: { isTTY?: boolean; columns?: number }) {
  let text = "";
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  return { stream: Object.assign(stream, options), text: () => text };
}

it("is two plain lines on a pipe", () => {
  const { stream, text } = output({});
  const progress = showProgress("Installing", stream);
  progress.note("half");
  progress.end(true);
  expect(text()).toMatch(/^ {2}Installing\n✓ Installing took \d+\.\d s\n$/);
});

it("is one line on a terminal, as wide as the terminal at most", async () => {
  const { stream, text } = output({ isTTY: true, columns: 30 });
  const progress = showProgress("Installing", stream);
  progress.note("a note that is longer than the line");
  await vi.waitFor(() => expect(text()).toContain("a note"));
  progress.end(false);
  const lines = text().split("\r\x1b[2K").slice(1);
  expect(lines.at(-1)).toMatch(/^✗ Installing failed after \d+\.\d s\n$/);
  for (const line of lines.slice(0, -1)) {
    expect(line).toMatch(/^. Installing \d+ s/);
    expect(line.length).toBeLessThan(30);
  }
});
