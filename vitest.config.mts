import { defineConfig } from "vitest/config"

/** What has a command of its own, `npm run test:NAME`. `npm test` runs all the rest, as the project "binding". */
const tiers: Record<string, { include: string[]; globalSetup?: string[] }> = {
  attacks: { include: ["test/attacks/**/*.test.ts"] },
  cli: { include: ["{,toolkit/}test/cli/**/*.test.ts"] },
  conformance: { include: ["test/{conformance,v5-compat}/zeromq.test.ts"] },
  crash: { include: ["toolkit/test/crash/**/*.test.ts"] },
  examples: { include: ["test/examples/**/*.test.ts"], globalSetup: ["test/examples/setup.mjs"] },
  interop: { include: ["{,toolkit/}test/interop/**/*.test.ts"] },
  package: { include: ["test/{package,types}/**/*.test.ts"], globalSetup: ["test/support/toolchains.ts"] },
  runners: { include: ["test/runners/**/*.test.ts"], globalSetup: ["test/runners/setup.mjs"] },
  runtimes: { include: ["test/runtimes/**/*.test.ts"], globalSetup: ["test/support/toolchains.ts"] },
  scripts: { include: ["test/{scripts,bench}/**/*.test.ts"] },
}

const shared = {
  // Each file in a process of its own: contexts, exit behaviour and memory are the process's.
  pool: "forks",
  // Not one less, as by default: most tests wait for most of their time.
  maxWorkers: "100%",
  // Tests look at warnings themselves; they need not be printed too.
  execArgv: ["--no-warnings"],
  // For `npm run coverage`.
  setupFiles: process.env.NODE_V8_COVERAGE ? ["test/support/coverage.ts"] : [],
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const

export default defineConfig({
  test: {
    // The whole run's: projects do not inherit it.
    globalSetup: ["test/support/temporary-folder.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "binding",
          include: ["test/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...Object.values(tiers).flatMap(({ include }) => include)],
        },
      },
      {
        test: {
          ...shared,
          name: "toolkit",
          include: ["toolkit/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "toolkit/test/{cli,crash,interop}/**"],
        },
      },
      ...Object.entries(tiers).map(([name, tier]) => ({ test: { ...shared, name, ...tier } })),
    ],
  },
})
