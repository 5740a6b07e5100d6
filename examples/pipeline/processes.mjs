// Starts the processes, replaces workers that are lost, and ends them all.

import { fork } from "node:child_process"
import { once } from "node:events"
import path from "node:path"

import { Failure } from "./failure.mjs"
import { note } from "./report.mjs"

export class Processes {
  /** The names of workers that were lost. */
  lost = []
  #children = new Set()
  #failure = new AbortController()
  #started = 0
  #spare

  /** Aborted when the run can no longer succeed; its reason says why. */
  signal = this.#failure.signal

  /** @param spare How many lost workers to replace: a file that kills its worker must not keep this going forever. */
  constructor(spare) {
    this.#spare = spare
  }

  fail(message, status = 1) {
    this.#failure.abort(new Failure(message, status))
  }

  /** Starts a process that the run needs. `settings` may be a promise. */
  startTool(name, settings) {
    return this.#start(name, name, settings, (how) => this.fail(`The ${name} was lost (${how})`))
  }

  /** Starts a worker, and replaces it if it is lost. */
  startWorker(settings) {
    this.#started += 1
    const name = `worker-${this.#started}`
    this.#start(name, "worker", settings, (how) => {
      this.lost.push(name)
      note(`Lost ${name} (${how})`)
      if (this.#spare > 0) {
        this.#spare -= 1
        this.startWorker(settings)
      } else if (this.lost.length === this.#started) this.fail("All workers were lost, and those that replaced them")
    })
  }

  #start(name, file, settings, onLost) {
    const module = path.join(import.meta.dirname, `${file}.mjs`)
    const child = fork(module, [], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] })
    this.#children.add(child)
    child.on("error", (error) => this.fail(`Cannot start ${name}: ${error.message}`))
    child.on("exit", (status, signal) => {
      this.#children.delete(child)
      if (!this.signal.aborted) onLost(signal ?? `status ${status}`)
    })
    // If the child is gone before it gets its settings, "exit" reports it as lost.
    Promise.resolve(settings).then(
      (values) => child.send({ ...values, name }, () => {}),
      () => {},
    )
    return child
  }

  /** Ends all processes. */
  async stop() {
    this.fail("The run is over")
    const exits = [...this.#children].map((child) => once(child, "exit"))
    for (const child of this.#children) if (child.connected) child.disconnect()
    // A worker that scans a large file would not exit before it is done.
    const timer = setTimeout(() => {
      for (const child of this.#children) child.kill("SIGKILL")
    }, 500)
    await Promise.all(exits)
    clearTimeout(timer)
  }
}
