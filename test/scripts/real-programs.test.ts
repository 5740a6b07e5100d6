// The command line of real-programs.mjs, and what goes wrong before anything is installed. It runs in full by itself only.

import { describe, expect, it } from "vitest"

import { commands, copyProject, runScript } from "../support/project-copy.js"

const run = (...args: string[]) => runScript(copyProject("scripts"), "real-programs.mjs", args, { PATH: commands() })

describe("real-programs.mjs", () => {
  it("prints its help", async () => {
    const { status, stdout, stderr } = await run("--help")
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).not.toBe("")
  })

  it("names the programs when asked for another", async () => {
    const { status, stderr } = await run("--only", "no such program")
    expect(status).toBe(1)
    expect(stderr).toMatch(/^\nNo program matches --only\. Known programs: .*enchannel-zmq-backend, .*zerorpc/)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  it("says what Python lacks", async () => {
    const { status, stderr } = await runScript(copyProject("scripts"), "real-programs.mjs", [], {
      PATH: commands(),
      PYTHON: "no-such-python",
    })
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "\nno-such-python: pyzmq, ipykernel and jupyter_client are not all installed. See --help.\n",
    })
  })
})
