// The tarball as package managers install it: offline, where there is no compiler, with the scripts of packages allowed and not. Nothing is
// compiled, and it runs.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it, vi } from "vitest"

import { sharedFolder, temporaryFolder } from "../support/folders.js"
import { packPackage, roundTrip } from "../support/package.js"
import { runCommand } from "../support/process.js"
import { commands } from "../support/project-copy.js"
import { toolchain } from "../support/toolchains.js"

vi.setConfig({ hookTimeout: 120_000 })

const npmBesideNode = () => path.resolve(process.execPath, "../../lib/node_modules/npm/bin/npm-cli.js")

const base = sharedFolder()
let ohmq: string
beforeAll(async () => {
  ohmq = `file:${await packPackage(base)}`
})

interface Manager {
  name: string
  /** Its program, and the arguments to install with. */
  program: string
  install: string[]
  /** How it is told to run the scripts of packages, and not to. */
  scripts: { run: string[]; skip: string[] }
  /** What runs node in the project; undefined is node itself. */
  node?: string[]
  env?: Record<string, string>
  /** What must be in the project then. */
  leaves: string
}

const yarn4 = (linker: string, leaves: string): Manager => ({
  name: `Yarn 4, ${linker}`,
  program: path.join(toolchain("yarn-4"), "bin/yarn.js"),
  install: ["install"],
  scripts: { run: [], skip: ["--mode=skip-build"] },
  node: ["node"],
  env: {
    YARN_NODE_LINKER: linker,
    YARN_ENABLE_NETWORK: "false",
    YARN_ENABLE_SCRIPTS: "true",
    YARN_ENABLE_TELEMETRY: "false",
    YARN_ENABLE_GLOBAL_CACHE: "false",
    YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
  },
  leaves,
})

const ignoreScripts = { run: [], skip: ["--ignore-scripts"] }

const managers: Manager[] = [
  {
    name: "npm",
    program: process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : npmBesideNode(),
    install: ["install", "--offline", "--no-audit", "--no-fund", "--cache", "cache"],
    scripts: ignoreScripts,
    leaves: "node_modules",
  },
  {
    name: "pnpm 10",
    program: path.join(toolchain("pnpm"), "bin/pnpm.cjs"),
    install: ["install", "--offline", "--no-frozen-lockfile", "--store-dir", "store"],
    scripts: { run: ["--config.dangerouslyAllowAllBuilds=true"], skip: ["--ignore-scripts"] },
    leaves: "node_modules",
  },
  {
    name: "Yarn 1",
    program: path.join(toolchain("yarn-1"), "bin/yarn.js"),
    install: ["install", "--offline", "--cache-folder", "cache", "--no-default-rc"],
    scripts: ignoreScripts,
    leaves: "node_modules",
  },
  yarn4("pnp", ".pnp.cjs"),
  yarn4("node-modules", "node_modules"),
]

/** Runs a package manager that knows nothing of this machine: no settings, no commands but node, no network. */
function run({ program, env }: Manager, args: string[], folder: string, home: string) {
  const cleared = Object.keys(process.env).filter((name) => /^(npm_|yarn_|pnpm_|node_options$)/i.test(name))
  return runCommand(process.execPath, [program, ...args], {
    cwd: folder,
    timeout: 50_000,
    env: {
      ...Object.fromEntries(cleared.map((name) => [name, undefined])),
      ...{ HOME: home, USERPROFILE: home, TMPDIR: home, PATH: commands(), OHMQ_PREBUILD: undefined, ...env },
    },
  })
}

const commonjs = `const zmq = require("ohmq"); (async () => {${roundTrip}})()`
const esModule = `import * as zmq from "ohmq"\n${roundTrip}`

describe.each(managers)("$name", (manager) => {
  // There is no shell, so a script, which may be one that the manager makes up, fails.
  it.each([
    ["CommonJS can use, without scripts", "commonjs", commonjs, "skip"],
    ["an ES module can use, where scripts may run", "module", esModule, "run"],
  ] as const)("installs what %s", async (_, type, source, scripts) => {
    const home = temporaryFolder()
    const folder = path.join(home, "a project")
    mkdirSync(folder)
    const dependencies = { ohmq }
    const manifest = { name: "program", private: true, type, dependencies }
    writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
    // Without one, Yarn 4 looks for the project in the folders above.
    writeFileSync(path.join(folder, "yarn.lock"), "")
    writeFileSync(path.join(folder, "program.js"), source)
    const installing = await run(manager, [...manager.install, ...manager.scripts[scripts]], folder, home)
    expect(installing.status, installing.stdout + installing.stderr).toBe(0)
    expect(readdirSync(folder)).toContain(manager.leaves)
    const program = manager.node
      ? run(manager, [...manager.node, "program.js"], folder, home)
      : runCommand(process.execPath, ["program.js"], {
          cwd: folder,
          env: { PATH: commands(), OHMQ_PREBUILD: undefined, NODE_OPTIONS: undefined },
        })
    expect(await program).toMatchObject({ status: 0, stdout: "ping pong\n" })
  })
})
