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

  /** Aborted when the run cannot succeed any more; the reason is why. */
  signal = this.#failure.signal

  /** @param spare How many lost workers are replaced: a file that kills its worker must not keep this going for ever. */
  constructor(spare) {
    this.#spare = spare
  }

  fail(message, status = 1) {
    this.#failure.abort(new Failure(message, status))
  }

  /** Starts a process that the run cannot do without. It gets its settings, or those that a promise resolves with. */
  startTool(name, settings) {
    return this.#start(name, name, settings, (how) => this.fail(`The ${name} was lost (${how})`))
  }

  /** Starts a worker, and another one in its place if it is lost. */
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
    // A child that is gone before it can be told is one that was lost, and "exit" says so.
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
    // A worker in the middle of a large file would end only after that.
    const timer = setTimeout(() => {
      for (const child of this.#children) child.kill("SIGKILL")
    }, 500)
    await Promise.all(exits)
    clearTimeout(timer)
  }
}
