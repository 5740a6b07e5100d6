// What happens to tasks, as events in a relay.

import { join } from "node:path"
import { sendEvents, serveTasks, TaskFailure } from "ohmq-toolkit/tasks"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort, linesOf, RelayProcess, temporaryFolder as relayFolder } from "../relay/support.js"
import { all, clientOf, opened, serving, temporaryFolder, until, workerOf } from "./support.js"

const configOf = (port: number) => `version: 1
store: { path: ./data }
sources: { tasks: { type: link, bind: "tcp://127.0.0.1:${port}" } }
routes: [{ name: all, from: [tasks], to: [archive] }]
sinks: { archive: { type: file, path: ./events.ndjson } }
`

const sarif = {
  version: "2.1.0",
  runs: [
    {
      tool: { driver: { name: "probe" } },
      results: [{ ruleId: "open-port", message: { text: "22 is open" } }],
    },
  ],
}

describe("the events of a queue", () => {
  it("come to a relay once each, though it was not there at first and the queue was opened again", async () => {
    const [port, folder, storeFolder] = [await freePort(), relayFolder(), temporaryFolder()]
    const link = { connect: `tcp://127.0.0.1:${port}`, insecure: true, maxBackoff: 200 }
    const store = await opened(storeFolder)
    const server = await serving(store)
    const sender = await sendEvents(store, link)
    const client = clientOf(server.endpoint)
    workerOf(server.endpoint, {
      handler: ({ input }) => {
        if (input === "bad") throw new TaskFailure("no", { retry: false })
        return { sarif }
      },
    })
    await client.submit([{ id: "good" }, { id: "bad", input: "bad" }, { id: "late", runAt: Date.now() + 3_600_000 }])
    await client.wait({ ids: ["good", "bad"] })
    await client.cancel({ ids: ["late"] }, "too late")
    // The relay was away all the time. It gets what the store has kept, from the next process.
    await sender.close()
    await server.close()
    await store.close()
    const relay = await RelayProcess.start(folder, configOf(port))
    onTestFinished(async () => void (await relay.end("SIGKILL")))
    const again = await opened(storeFolder)
    const next = await serveTasks(again, { bind: server.endpoint })
    onTestFinished(() => next.close())
    const other = await sendEvents(again, link)
    onTestFinished(() => other.close())
    await client.submit([{ id: "more" }])
    await client.wait()
    await other.drained()
    const file = join(folder, "events.ndjson")
    const lines = () => linesOf(file).map(({ type, data }) => `${type} ${(data as { id?: string }).id ?? ""}`.trim())
    const count = (type: string) => lines().filter((line) => line.startsWith(type)).length
    await until(() => count("task.finished") === 2)
    expect([count("task.submitted"), count("task.leased"), count("task.opened"), count("task.state")]).toEqual([
      4, 3, 0, 0,
    ])
    const isResult = (line: string) => /^(task\.(finished|failed|cancelled)|finding)/.test(line)
    expect(lines().filter(isResult).toSorted()).toEqual([
      "finding.reported",
      "finding.reported",
      "task.cancelled late",
      "task.failed bad",
      "task.finished good",
      "task.finished more",
    ])
    const ends = linesOf(file).filter(({ type }) => type === "task.failed")
    expect(ends).toMatchObject([{ source: "/tasks", data: { id: "bad", reason: "no", input: "bad", attempt: 1 } }])
    expect((await all(client.list())).length).toBe(4)
  })
})
