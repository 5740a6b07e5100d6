// Runs the checks of one file, one after the other, on the runtime that it is started with. Prints a line of JSON for each.

import { mkdtempSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import * as zmq from "ohmq"

import { Toolbox } from "../conformance/toolbox.mjs"

const limit = 10_000

const [topic, only] = process.argv.slice(2)
const { checks } = await import(`./checks/${topic}.mjs`)

// Of sockets over ipc.
const folder = mkdtempSync(path.join(tmpdir(), "ohmq-"))
let failed = false
for (const [name, check] of Object.entries(checks)) {
  if (only !== undefined && name !== only) continue
  const toolbox = new Toolbox("ohmq", folder)
  let timer
  let error
  // Told before, so that one that crashes is known.
  writeSync(1, `${JSON.stringify({ name })}\n`)
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Not done within ${limit} ms`)), limit)
    })
    await Promise.race([check(zmq, toolbox), late])
  } catch (thrown) {
    error = String(thrown?.stack ?? thrown)
    failed = true
  }
  clearTimeout(timer)
  toolbox.end()
  writeSync(1, `${JSON.stringify({ name, ended: true, error })}\n`)
}

rmSync(folder, { recursive: true, force: true })

// What a failed check has left may wait for ever; else the process must end by itself.
if (failed) process.exit(1)
