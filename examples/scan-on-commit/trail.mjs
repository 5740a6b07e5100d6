// Shows what the audit log records while it is written.

import { readFileSync } from "node:fs"

import { readEntries } from "ohmq-toolkit/audit"

import { until } from "../lab.mjs"

/** What the audit log says, an event a line. */
function describe({ type, subject, data, ohmqsender: sender }) {
  switch (type) {
    case "com.github.push":
      return `${data.pusher.name} pushed ${data.after.slice(0, 7)} to ${data.ref}`
    case "finding.reported":
      return `${data.tool.name}: ${data.severity} ${data.location.uri}:${data.location.line} ${data.rule.id}`
    case "gate.requested":
      return `${sender} asks for ${data.request}, ${subject.slice(0, 7)}`
    case "gate.decided":
      return `${sender} decided: ${data.decision}, ${data.reason}`
    default:
      return `${data.source}: not taken from ${data.address}, ${data.reason}`
  }
}

export class Trail {
  #folder
  #keys
  /** What was recorded so far. */
  events = []

  constructor(folder, keyFile) {
    this.#folder = folder
    this.#keys = [readFileSync(keyFile, "utf8").trim()]
  }

  /** Waits until an event is recorded, and prints all that were since the last time. */
  async until(what, isIt) {
    await until(`${what} is in the audit log`, () => {
      for (const { index, entry } of readEntries(this.#folder, { keys: this.#keys, from: this.events.length })) {
        const { event } = JSON.parse(entry)
        console.log(`  audit ${index}  ${event.type.padEnd(16)}  ${describe(event)}`)
        this.events.push(event)
      }
      return this.events.some(isIt)
    })
  }

  count(type, isIt = () => true) {
    return this.events.filter((event) => event.type === type && isIt(event)).length
  }
}
