// Runs the checks of one file, one after the other, on the runtime that it is started with. Prints a line of JSON for each.

import { writeSync } from "node:fs"
import * as zmq from "ohmq"

import { Toolbox } from "./toolbox.mjs"

const limit = 10_000

const [topic, only] = process.argv.slice(2)
const { checks } = await import(`./checks/${topic}.mjs`)

let failed = false
for (const [name, check] of Object.entries(checks)) {
  if (only !== undefined && name !== only) continue
  const toolbox = new Toolbox()
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

// What a failed check has left may wait for ever; else the process must end by itself.
if (failed) process.exit(1)
