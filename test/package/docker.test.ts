// What examples/docker/Dockerfile leaves of the package. The image itself needs Docker, and is not built here.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, expect, it, vi } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { installPackage, listFiles, prebuiltAddon, roundTrip, runIn } from "../support/package.js"
import { root, runCommand } from "../support/process.js"

vi.setConfig({ hookTimeout: 120_000 })

const base = sharedFolder()
let installed: string
beforeAll(async () => {
  installed = await installPackage(base)
})

it.runIf(process.platform === "linux")(
  "what the Dockerfile leaves of ohmq runs, and is no more than that",
  async () => {
    const lines = readFileSync(path.join(root, "examples/docker/Dockerfile"), "utf8").replaceAll("\\\n", "")
    const prune = /^RUN (cd node_modules\/ohmq .*)$/m.exec(lines)?.[1] ?? ""
    const modules = path.join(installed, "node_modules/ohmq")
    const own = path.dirname(prebuiltAddon())
    // The release, which has addons for other machines, and this machine's as that for Alpine.
    const addon = path.join(modules, own, "ohmq.musl.node")
    renameSync(path.join(modules, prebuiltAddon()), addon)
    for (const folder of [own, "prebuilds/linux-ia32", "prebuilds/darwin-x64"]) {
      mkdirSync(path.join(modules, folder), { recursive: true })
      for (const libc of ["musl", "glibc"]) {
        for (const kind of ["node", "cdx.json"]) {
          const file = path.join(modules, folder, `ohmq.${libc}.${kind}`)
          if (file !== addon) writeFileSync(file, "")
        }
      }
    }
    writeFileSync(path.join(modules, "prebuilds/SHA256SUMS"), "")
    expect(await runCommand("sh", ["-ec", prune], { cwd: installed })).toMatchObject({ status: 0, stderr: "" })
    const rest = listFiles(modules).filter((file) => !/^dist\/.*\.js$/.test(file))
    expect(rest).toEqual(
      [
        ...["LICENSE", "THIRD-PARTY-NOTICES.md", "package.json"],
        ...["node", "cdx.json"].map((kind) => `${own}/ohmq.musl.${kind}`),
      ].sort(),
    )
    renameSync(addon, path.join(modules, prebuiltAddon()))
    expect(await runIn(installed, `import * as zmq from "ohmq"\n${roundTrip}`)).toMatchObject({
      status: 0,
      stdout: "ping pong\n",
      stderr: "",
    })
  },
)
