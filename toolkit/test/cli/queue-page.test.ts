// The status page of `ohmq tasks serve --http`, and audit logs on that of a relay.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { verifyProof } from "ohmq-toolkit/audit"
import { TaskClient, Worker } from "ohmq-toolkit/tasks"
import { describe, expect, it, onTestFinished } from "vitest"
import { command, temporaryFolder, until } from "../relay/support.js"
import { formToken, liveText, pageRelay } from "../status/support.js"

/** A queue in a process of its own. */
async function startQueue() {
  const args = [
    "tasks",
    "serve",
    "--bind",
    "tcp://127.0.0.1:*",
    "--store",
    join(temporaryFolder(), "store"),
    "--http",
    "127.0.0.1:0",
  ]
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "ignore", "pipe"] })
  onTestFinished(async () => {
    child.kill()
    await once(child, "exit")
  })
  for await (const line of createInterface({ input: child.stderr })) {
    const { endpoint, http } = JSON.parse(line) as { endpoint?: string; http?: string }
    if (endpoint !== undefined && http !== undefined) return { endpoint, http }
  }
  throw new Error("The queue has ended")
}

describe("The status page of a queue", () => {
  it("shows queues, workers, batches and tasks, and pauses, cancels and retries", async () => {
    const { endpoint, http } = await startQueue()
    const page = async (path = "/") => (await fetch(http + path)).text()
    const submit = async (path: string, fields: Record<string, string>) => {
      const form = new URLSearchParams({ form: formToken(await page(path)), ...fields })
      return fetch(http + path, { method: "POST", body: form, headers: { origin: http }, redirect: "manual" })
    }
    expect(await page()).toContain("No task was submitted")
    await using client = new TaskClient({ connect: endpoint })
    await client.submit(
      [1, 2, 3].map((number) => ({ id: `scan-${number}`, input: { password: "hidden from the page" } })),
      { batch: "night", attempts: 1 },
    )
    expect(liveText(await page(), "queue/default/counts")).toBe("3 ready")
    expect(liveText(await page(), "batch/night/ended")).toBe("0 of 3")
    expect((await submit("/status/tasks/default", { queue: "pause" })).status).toBe(303)
    expect(liveText(await page(), "queue/default/state")).toBe("Paused")
    expect(await page("/status/tasks/default")).toContain("Its queue is paused")
    expect((await submit("/status/tasks/default", { cancel: "scan-3" })).status).toBe(303)
    expect(await page("/status/tasks/default")).toContain("scan-3: cancel is done.")
    const worker = new Worker({
      connect: endpoint,
      name: "w1",
      concurrency: 1,
      handler: async ({ id }) => {
        if (id === "scan-2") throw new Error("no route to host")
      },
    })
    onTestFinished(() => worker.close())
    await until(async () => (await page()).includes("w1 of default"))
    expect((await submit("/status/tasks/default", { queue: "resume" })).status).toBe(303)
    await until(async () => liveText(await page(), "batch/night/ended") === "3 of 3")
    const list = await page("/status/tasks/default")
    expect(list).toContain("no route to host")
    expect(list).not.toContain("hidden from the page")
    expect(await page("/status/tasks/default?state=failed")).not.toContain("scan-1")
    expect((await submit("/status/tasks/default", { retry: "scan-2" })).status).toBe(303)
    expect(await page("/status/tasks/default")).toContain("scan-2: retry is done.")
    expect((await fetch(`${http}/status/tasks/nothing`)).status).toBe(404)
    expect((await submit("/status/tasks/default", { queue: "burn" })).status).toBe(400)
  })
})

describe("Audit logs on the status page", () => {
  it("are shown with their last entries, each with its proof", async () => {
    const relay = await pageRelay({ out: "{ type: audit, path: ./trail, name: tests.example/trail }" })
    expect(await relay.send("a1", '{"what":"<b>"}')).toBe(202)
    await until(async () => liveText(await relay.page(), "audit/out/0/text")?.includes("a1") === true)
    const html = await relay.page()
    expect(html).toContain("tests.example/trail")
    expect(html).not.toContain("<b>")
    const [, path = ""] = /href="(\/status\/audit\/out\/\d+)"/.exec(html) ?? []
    const answer = await fetch(relay.url + path)
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; filename="out-\d+\.tlog-proof"$/)
    const key = relay.log.find(({ msg }) => msg === "The audit log was begun")?.key as string
    const proof = verifyProof(await answer.text(), { keys: [key] })
    expect(String(proof.entry)).toContain('"a1"')
    expect((await fetch(`${relay.url}/status/audit/out/999`)).status).toBe(404)
    expect((await fetch(`${relay.url}/status/audit/other/0`)).status).toBe(404)
  })
})
