import { appendFileSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Dealer } from "ohmq"
import { createEvent, encode } from "ohmq-toolkit/events"
import { expect, it } from "vitest"
import { event, sinkRelay } from "./sink-relay.js"
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

it("The sink file keeps an event with the source and id of one before the relay started, as it is another one", async () => {
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

it("The sink file knows the lines at the end of a long file, however long they are", async () => {
  const options = "type: file, path: ./out.ndjson"
  const sizes = [100, ...Array.from({ length: 90 }, (_, index) => 3000 + 100 * index), 700_000, 5000, 300_000, 10]
  const ids = sizes.map((_, index) => `e${index}`)
  const first = await sinkRelay(options)
  first.add(...sizes.map((size, index) => event(`e${index}`, "x".repeat(size))))
  await first.drained(ids.length)
  await first.stop()
  // The store of before: the same events go to the sink again, and another one.
  rmSync(join(first.folder, "data"), { recursive: true })
  const file = join(first.folder, "out.ndjson")
  appendFileSync(file, `{"torn${"y".repeat(400_000)}`)
  const again = await sinkRelay(options, first.folder)
  again.add(event("last"))
  await again.drained(ids.length + 1)
  await again.stop()
  expect(linesOf(file).map(({ id }) => id)).toEqual([...ids, "last"])
})

const linesOfComplete = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).data.scan)
