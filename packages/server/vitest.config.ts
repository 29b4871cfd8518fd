import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Agents that people use are installed apart: vitest.agents.config.ts runs those tests.
    exclude: [...configDefaults.exclude, "test/real-agents/**"],
    // They wait for processes and for the disk most of the time, so more of them than there are cores keep a machine busy.
    maxWorkers: 4,
    // Most tests start processes; on a busy machine that takes its time, and no test is about it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 10 } },
  },
});
