import { defineConfig } from "vitest/config";

export default defineConfig({
  // Several tests start test runs of their own.
  test: { testTimeout: 120_000 },
});
