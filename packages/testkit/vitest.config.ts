import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Each test starts processes; on a busy machine that takes its time.
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 10 } },
  },
});
