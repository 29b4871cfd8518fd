import { defineConfig } from "vitest/config";

// Each test runs whole programs with an agent in them; a busy machine takes its time.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 120_000 } });
