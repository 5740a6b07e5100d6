// A process that runs checks of one group on one package. Its parent sends names; it answers with results.

import { createRequire } from "node:module"

import { loadChecks } from "./groups.mjs"
import { Toolbox } from "./toolbox.mjs"

/** How long a check may take, in milliseconds. */
const limit = 25_000

const [packageName, group, folder] = process.argv.slice(2)
const zmq = createRequire(import.meta.url)(packageName)
const checks = await loadChecks(group)

async function runCheck(name) {
  process.send({ started: name })
  const toolbox = new Toolbox(packageName, folder, checks.ownContext ? new zmq.Context() : undefined)
  let error
  try {
    await toolbox.within(limit, checks.all.get(name).run(zmq, toolbox), "the check")
  } catch (thrown) {
    error = String(thrown?.stack ?? thrown)
  }
  toolbox.end()
  process.send({ name, error })
}

// Where the parent is stopped, everything that was started here ends too.
if (process.platform !== "win32") process.once("disconnect", () => process.kill(-process.pid, "SIGKILL"))

process.once("message", async ({ names }) => {
  const queue = [...names]
  const work = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) await runCheck(name)
  }
  await Promise.all(Array.from({ length: checks.concurrency }, work))
  // The parent ends this process: how it ends by itself is checked elsewhere. But then it would not say which lines it ran.
  if (process.env.NODE_V8_COVERAGE) process.exit()
  process.send({ done: true })
})
