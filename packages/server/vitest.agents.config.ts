import { defineConfig } from "vitest/config";

/** Tests of agents that people use, which are installed apart: STRATAVORE_TEST_AGENTS names the folder. */
export default defineConfig({
  test: {
    include: ["test/real-agents/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
});
