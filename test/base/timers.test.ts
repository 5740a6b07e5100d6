// Sockets use the real time, whatever clock a test installs.

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import * as security from "ohmq/security"
import * as v5 from "ohmq/v5-compat"
import { describe, expect, it, onTestFinished, vi } from "vitest"

import { runCommand } from "../support/process.js"
import { tour } from "../support/tour.mjs"

describe("With a fake clock", () => {
  it("of Vitest, everything works", async () => {
    vi.useFakeTimers({
      toFake: [
        ...(["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"] as const),
        ...(["queueMicrotask", "Date", "performance", "hrtime"] as const),
      ],
    })
    onTestFinished(() => void vi.useRealTimers())
    await tour({ zmq, draft, security, v5 })
  })

  // Its clock also replaces the exports of node:timers and node:timers/promises.
  const program = (first: string, then: string) => `
    import { mock } from "node:test"
    import { tour } from "./test/support/tour.mjs"
    const enable = (apis) => mock.timers.enable({ apis })
    const load = async () => ({
      zmq: await import("ohmq"), draft: await import("ohmq/draft"),
      security: await import("ohmq/security"), v5: await import("ohmq/v5-compat"),
    })
    ${first}
    ${then}
    await tour(packages)
    console.log("done")`
  const load = "const packages = await load()"
  const enable = (...apis: string[]) => `enable(${JSON.stringify(apis)})`
  const all = ["setTimeout", "setInterval", "setImmediate", "Date"]

  it.each([
    ["", load, enable(...all)],
    [", on when the package is loaded", enable(...all), load],
    [", on for setTimeout when the package is loaded", enable("setTimeout"), load],
    [", on for setImmediate when the package is loaded", enable("setImmediate"), load],
  ])("of node:test%s, everything works", async (_, first, then) => {
    const args = ["--no-warnings", "--input-type=module", "-e", program(first, then)]
    expect(await runCommand(process.execPath, args)).toMatchObject({ status: 0, stdout: "done\n", stderr: "" })
  })

  it("that has stopped performance.now, sockets still yield to the event loop", async () => {
    const { stdout } = await runCommand(process.execPath, [
      "--input-type=module",
      "-e",
      `performance.now = () => 0
       const { Pair } = await import("ohmq")
       const [one, other] = [new Pair(), new Pair()]
       one.bindSync("inproc://turns")
       other.connect("inproc://turns")
       let turns = 0
       const count = () => {
         turns += 1
         counting = setImmediate(count)
       }
       let counting = setImmediate(count)
       const until = process.uptime() + 10
       while (turns <= 3 && process.uptime() < until) {
         await one.send("x")
         await other.receive()
       }
       clearImmediate(counting)
       console.log(turns > 3)
       one.close()
       other.close()`,
    ])
    expect(stdout).toBe("true\n")
  })
})
