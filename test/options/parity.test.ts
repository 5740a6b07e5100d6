// Options are compared with those of the package that this one stands in for. It runs in a process of its own, so that
// one process does not have two libzmq.

import * as zmq from "ohmq"
import { beforeAll, describe, expect, it } from "vitest"

import { expectedOptions, isThere } from "../support/option-table.js"
import { runCommand } from "../support/process.js"
import { classNames, create, type Holder } from "../support/socket-classes.js"
import { closeAfterTest } from "../support/sockets.js"

interface Described {
  name: string
  get: boolean
  set: boolean
  /** Absent where it has no value or cannot be read. */
  value?: unknown
}

/** Describes the accessors of an object; also run as text in the other process. */
function describeAccessors(object: object): Described[] {
  const found = new Map<string, Described>()
  for (let holder = object; holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (found.has(name) || (property.get === undefined && property.set === undefined)) continue
      const described: Described = { name, get: property.get !== undefined, set: property.set !== undefined }
      try {
        described.value = (object as Record<string, unknown>)[name]
      } catch {}
      found.set(name, described)
    }
  }
  return [...found.values()]
}

/** What is no option, and is compared elsewhere. */
const states = ["closed", "context", "events", "readable", "receiveMemory", "receiveQueue", "sendQueue", "writable"]

const program = `
  import * as zeromq from "zeromq"
  const describeAccessors = ${describeAccessors}
  const all = { Context: describeAccessors(new zeromq.Context()) }
  for (const name of ${JSON.stringify(classNames)}) {
    const socket = new zeromq[name]()
    all[name] = describeAccessors(socket).filter((option) => !${JSON.stringify(states)}.includes(option.name))
    socket.close()
  }
  console.log(JSON.stringify(all))`

let theirs: Record<string, Described[]> = {}

beforeAll(async () => {
  const { status, stdout, stderr } = await runCommand(process.execPath, ["--input-type=module", "-e", program])
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  theirs = JSON.parse(stdout)
})

/** Options that this libzmq was built without have no value to compare. */
const lacking = expectedOptions.filter((option) => !isThere(option)).map((option) => option.name)

function compare(their: Described[], mine: object) {
  const properties = new Map(describeAccessors(mine).map((option) => [option.name, option]))
  for (const { name, get, set, value } of their) {
    const { get: canGet, set: canSet } = properties.get(name) ?? {}
    // More can be read here: what zeromq can only set reads as it was set.
    expect({ name, get: canGet, set: canSet }).toEqual({ name, get: get || canGet === true, set })
    if (value !== undefined && !lacking.includes(name)) expect((mine as Holder)[name], name).toEqual(value)
  }
}

describe.each(classNames)("%s", (name) => {
  it("has every option that zeromq has, with the same value at first", () => {
    const options = theirs[name] ?? []
    expect(options.length).toBeGreaterThan(30)
    expect(options.filter((option) => option.value !== undefined).length).toBeGreaterThan(30)
    compare(options, closeAfterTest(create(name)))
  })
})

describe("Context", () => {
  it("has every option that zeromq has, with the same value at first", () => {
    const options = theirs.Context ?? []
    expect(options.map((option) => option.name)).toContain("blocky")
    compare(options, new zmq.Context())
  })
})
