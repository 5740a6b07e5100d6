import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Other runtimes are large to download: npm run test:runtimes.
    exclude:
      process.env.OHMQ_TEST_RUNTIMES === undefined
        ? ["**/node_modules/**", "test/runtimes/**"]
        : ["**/node_modules/**"],
    globalSetup: ["test/support/toolchains.ts"],
    // Each file in a process of its own: contexts, exit behaviour and memory are the process's.
    pool: "forks",
    // Tests look at warnings themselves; they need not be printed too.
    execArgv: ["--no-warnings"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
