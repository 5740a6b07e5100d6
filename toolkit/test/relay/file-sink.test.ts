import { appendFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Dealer } from "ohmq"
import { createEvent, encode } from "ohmq-toolkit/events"
import { expect, it } from "vitest"
import { linesOf, RelayProcess, temporaryFolder, until } from "./support.js"

const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  scans: { type: zmq, socket: router, bind: "tcp://127.0.0.1:*" }
routes:
  - { name: all, from: [scans], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

it("The sink file keeps an event with the source and id of one before the relay started, as it is another one", {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder()
  const file = join(folder, "events.ndjson")
  const time = "2026-01-01T00:00:00Z"
  for (const scan of [1, 2]) {
    const relay = await RelayProcess.start(folder, config)
    using dealer = new Dealer({ linger: 0 })
    dealer.connect(String((await relay.logged("The source listens")).address))
    await dealer.send(
      encode(createEvent({ source: "/scanner", type: "finding.reported", id: "f", time, data: { scan } })),
    )
    expect(String((await dealer.receive())[0])).toBe("stored")
    await until(() => linesOf(file).length === scan)
    expect(await relay.end()).toBe(0)
    // A torn line was not delivered.
    appendFileSync(file, '{"torn')
  }
  expect(linesOfComplete(file)).toEqual([1, 2])
})

const linesOfComplete = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).data.scan)
