// The examples in the help of doctor and monitor, each run in a shell as it stands, with a peer.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { doctor } from "../../../lib/cli/verbs/doctor.js"
import { monitor } from "../../../lib/cli/verbs/monitor.js"
import { withFreePorts } from "../../support/free-ports.js"
import { open } from "../../support/sockets.js"
import { shell } from "../support.js"

/** By what an example is for: what it prints, and the exit code. */
const outcomes: Record<string, [stdout: RegExp, status: number]> = {
  "Why does nothing arrive?": [/^tcp:\S+: A PUB answers, without encryption \(ZMTP 3\.1\), and a SUB fits\.\n/, 0],
  "Would this key be let in?": [/: The peer speaks plain text, and you have given keys for CURVE\.\n/, 4],
  "Is a port free, and does anybody connect to it?": [/: The address is free, and a SUB connects to it/, 0],
  "For a script": [/^\{"endpoint":.*"cause":"well".*\}\n$/, 0],
  "Who connects, and who fails": [/ bind .* handshake /s, 0],
  "The first events of a connection, for a script": [
    /^\{.*"event":"connect:delay".*\}\n\{.*"event":"connect".*\}\n$/,
    0,
  ],
}

describe.each([doctor, monitor])("the examples of ohmq $name", ({ examples }) => {
  it.each(examples)("$what", async ({ what, command }) => {
    const [line = "", endpoint = ""] = await withFreePorts(command, /tcp:\S+/.exec(command)?.[0] ?? "")
    if (line.includes("@tcp")) open(zmq.Subscriber).connect(endpoint.replace("*", "127.0.0.1"))
    else await open(zmq.Publisher).bind(endpoint)
    const [stdout, status] = outcomes[what] as [RegExp, number]
    const outcome = await shell(line)
    expect(outcome).toMatchObject({ status })
    expect(outcome.stdout).toMatch(stdout)
  })
})
