import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      // Other runtimes are large to download: npm run test:runtimes.
      ...(process.env.OHMQ_TEST_RUNTIMES === undefined ? ["test/runtimes/**"] : []),
      // Peers in other languages, and rsyslog, have to be installed: npm run test:interop.
      ...(process.env.OHMQ_TEST_INTEROP === undefined ? ["test/interop/**"] : []),
    ],
    globalSetup: ["test/support/toolchains.ts"],
    // Each file in a process of its own: contexts, exit behaviour and memory are the process's.
    pool: "forks",
    // Tests look at warnings themselves; they need not be printed too.
    execArgv: ["--no-warnings"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
