// Finds words that look like secrets: JavaScript reads the files, and a C++ thread checks each line, over inproc.

import { spawnSync } from "node:child_process"
import { createReadStream, existsSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"

import { Context, Pull, Push } from "ohmq"

const help = `Prints long random-looking words in files. Usage: node examples/native-addon/start.mjs [--help] FILE...

Builds its C++ addon on first use, which needs a compiler and Python.
`

const require = createRequire(import.meta.url)
const folder = import.meta.dirname
const built = path.join(folder, "build/Release/entropy.node")

function build() {
  const gyp = path.join(path.dirname(require.resolve("node-gyp/package.json")), "bin/node-gyp.js")
  const prefix = path.resolve(process.execPath, "../..")
  const args = existsSync(path.join(prefix, "include/node/node_api.h")) ? [`--nodedir=${prefix}`] : []
  const { status } = spawnSync(process.execPath, [gyp, "rebuild", "--silent", ...args], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  })
  if (status !== 0) throw new Error(`node-gyp failed to build the addon (status ${status})`)
}

const { values, positionals } = parseArgs({ options: { help: { type: "boolean" } }, allowPositionals: true })
if (values.help || positionals.length === 0) {
  process.stdout.write(help)
  process.exit(values.help ? 0 : 2)
}

if (!existsSync(built)) build()
const addon = require(built)

const context = new Context()
const lines = new Push({ context })
const findings = new Pull({ context })
await lines.bind("inproc://lines")
await findings.bind("inproc://findings")
addon.start(context.native)

/** Sends each line of each file with its place, then an empty message. */
async function send(files) {
  for (const file of files) {
    let number = 0
    for await (const line of createInterface({ input: createReadStream(file) })) {
      number += 1
      await lines.send([`${file}:${number}`, line])
    }
  }
  await lines.send(["", ""])
}

/** Prints the addon's findings, in the order of the lines. */
async function print() {
  let found = 0
  for await (const [place, words] of findings) {
    if (place.length === 0) break
    if (words.length === 0) continue
    found += 1
    console.log(`${place}  ${words}`)
  }
  console.log(`${found} lines with suspicious words`)
}

try {
  await Promise.all([send(positionals), print()])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await context.terminate({ linger: 0 })
}
