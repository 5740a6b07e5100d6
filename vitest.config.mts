import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Each file in a process of its own: contexts, exit behaviour and memory are the process's.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
