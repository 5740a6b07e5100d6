// The tarball as Bun installs it: without scripts, in an empty folder where no compiler is. It then runs there.

import { writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { packPackage, roundTrip } from "../support/package.js"
import { runCommand } from "../support/process.js"
import { commands } from "../support/project-copy.js"
import { ensureRuntimes, runtimes } from "./runtimes.mjs"

const folder = sharedFolder()
const bun = runtimes.find(({ name }) => name === "Bun")?.command[0]

beforeAll(() => ensureRuntimes(), 300_000)

it.runIf(bun !== undefined)("Bun installs what runs there", async () => {
  const manifest = { dependencies: { ohmq: `file:${await packPackage(folder)}` } }
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
  writeFileSync(path.join(folder, "program.mjs"), `import * as zmq from "ohmq"\n${roundTrip}`)
  const run = (...args: string[]) =>
    runCommand(bun ?? "", args, {
      cwd: folder,
      timeout: 50_000,
      env: {
        HOME: folder,
        PATH: commands(),
        BUN_INSTALL_CACHE_DIR: path.join(folder, "cache"),
        OHMQ_PREBUILD: undefined,
      },
    })
  expect(await run("install", "--ignore-scripts")).toMatchObject({ status: 0 })
  expect(await run("program.mjs")).toMatchObject({ status: 0, stdout: "ping pong\n", stderr: "" })
})
