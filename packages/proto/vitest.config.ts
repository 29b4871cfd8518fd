import { defineConfig } from "vitest/config";

export default defineConfig({
  // Several tests start buf and git more than once.
  test: { testTimeout: 60_000 },
});
