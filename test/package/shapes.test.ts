// Every way to import the package as it is published, under its own name and as zeromq: all give the same module.

import { mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import ts from "typescript"
import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { addAddon, install } from "../support/installed.js"
import { pack, unpack } from "../support/packed.js"
import { runCommand } from "../support/process.js"
import { npm } from "../support/toolchains.js"

const typescript = (name: string) =>
  ts.transpileModule(
    `import zmq = require("${name}")
     import * as namespace from "${name}"
     import { Dealer } from "${name}"
     import byDefault from "${name}"
     export { byDefault, Dealer, namespace, zmq }`,
    { compilerOptions: { module: ts.ModuleKind.CommonJS, esModuleInterop: true, target: ts.ScriptTarget.ES2022 } },
  ).outputText

/** Prints what is not the same, and the module's names. */
const program = (name: string) => `
  import byDefault, { Dealer, Pull, Push, context } from "${name}"
  import * as namespace from "${name}"
  import { createRequire } from "node:module"
  import compiled from "./compiled.cjs"

  const require = createRequire(import.meta.url)
  const required = require("${name}")
  const imported = await import("${name}")
  const same = {
    byDefault, ofModule: require("./required.cjs"), ofNamespace: namespace.default, imported: imported.default,
    compiled: compiled.zmq, byDefaultInTypeScript: compiled.byDefault,
  }
  for (const [way, found] of Object.entries(same)) if (found !== required) console.log("another module:", way)
  for (const [name, value] of Object.entries(required)) {
    for (const [way, found] of Object.entries({ namespace, imported, compiled: compiled.namespace }))
      if (found[name] !== value) console.log("differs:", way, name)
  }
  if (Dealer !== required.Dealer || compiled.Dealer !== Dealer || context !== required.context) console.log("differs")
  const push = new Push()
  const pull = new required.Pull()
  push.bindSync("inproc://shapes")
  pull.connect("inproc://shapes")
  await push.send("hello")
  console.log(String(await pull.receive()), pull instanceof Pull, pull.context === namespace.context)
  console.log(Object.keys(required).sort().join())
`

const names = [
  ...["Context", "Dealer", "Observer", "Pair", "Proxy", "Publisher", "Pull", "Push", "Reply", "Request", "Router"],
  ...[
    "Socket",
    "Stream",
    "Subscriber",
    "XPublisher",
    "XSubscriber",
    "capability",
    "context",
    "curveKeyPair",
    "version",
  ],
]

async function check(folder: string, name: string) {
  writeFileSync(path.join(folder, "required.cjs"), `module.exports = require("${name}")\n`)
  writeFileSync(path.join(folder, "compiled.cjs"), typescript(name))
  writeFileSync(path.join(folder, "program.mjs"), program(name))
  const outcome = await runCommand(process.execPath, ["program.mjs"], { cwd: folder })
  expect(outcome).toMatchObject({ status: 0, stdout: `hello true true\n${names.join()}\n`, stderr: "" })
}

describe("The package that npm installs", () => {
  const work = sharedFolder()
  let tarball: string
  const project = sharedFolder()

  beforeAll(async () => {
    tarball = await pack(work)
    await install(project)
  })

  async function installAs(kind: string, dependencies: Record<string, string>): Promise<string> {
    const folder = path.join(work, kind)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "program", private: true, dependencies }))
    const args = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    expect(await npm(args, folder)).toMatchObject({ status: 0 })
    return folder
  }

  it("is one module, however it is imported", async () => {
    await check(project, "ohmq")
  })

  it("is one module as zeromq, from a tarball", async () => {
    const folder = await installAs("tarball", { zeromq: `file:${tarball}` })
    addAddon(path.join(folder, "node_modules/zeromq"))
    await check(folder, "zeromq")
  })

  it("is one module as zeromq, from a folder", async () => {
    const source = path.join(work, "source")
    await unpack(tarball, source)
    addAddon(source)
    await check(await installAs("folder", { zeromq: "file:../source" }), "zeromq")
  })
})
