import { defineConfig } from "vitest/config"

/** What needs more than npm gives, or much of it, and so has a command of its own: npm run test:runtimes, and so on. */
const optional = [
  ["OHMQ_TEST_RUNTIMES", "test/runtimes/**"],
  ["OHMQ_TEST_INTEROP", "test/interop/**"],
  ["OHMQ_TEST_RUNNERS", "test/runners/**"],
] as const

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      ...optional.filter(([variable]) => !process.env[variable]).map(([, files]) => files),
    ],
    globalSetup: ["test/support/toolchains.ts", ...(process.env.OHMQ_TEST_RUNNERS ? ["test/runners/setup.mjs"] : [])],
    // Each file in a process of its own: contexts, exit behaviour and memory are the process's.
    pool: "forks",
    // Tests look at warnings themselves; they need not be printed too.
    execArgv: ["--no-warnings"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
