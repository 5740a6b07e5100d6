import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { linesOf, ohmq, RelayProcess, until } from "../../relay/support.js"
import { Page } from "./page.js"

const readText = (line: string | undefined) => JSON.parse(line ?? "") as Record<string, number>

/** The page, and its three servers. */
async function shop() {
  const page = await Page.open("e-commerce")
  const addresses = page.read("shop.mjs").match(/tcp:\/\/[\d.:]+/g) ?? []
  expect(addresses).toHaveLength(3)
  const servers = addresses.map((address) => page.start("fraud.mjs", [address]))
  await Promise.all(servers.map((server) => server.line(/^scores at /)))
  const orders = () => linesOf(join(page.folder, "orders.ndjson")) as unknown as { decision: string; by?: string }[]
  return { page, addresses, servers, orders }
}

describe("docs/use-cases/e-commerce.md", { timeout: 120_000 }, () => {
  it("scores each order although a server is killed, and counts decisions", async () => {
    const { page, addresses, servers, orders } = await shop()
    expect(page.files).toEqual(["fraud.mjs", "shop.mjs", "relay.yaml"])
    expect(page.lint()).toEqual([])
    expect(ohmq(page.folder, "relay", "check")).toMatchObject({ status: 0, stderr: "" })
    const relay = await RelayProcess.start(page.folder)
    const running = page.start("shop.mjs", [], { TIMEOUT_MS: "15000" })
    await running.line(/^100 orders$/)
    const before = orders().length
    await servers[0]?.end("SIGKILL")
    const decisions = readText((await running.result()).at(-1))
    expect(decisions).toEqual(readText(page.printed[0]))
    expect(decisions.review).toBe(0)
    expect(new Set(orders().map(({ by }) => by))).toEqual(new Set(addresses))
    expect(
      new Set(
        orders()
          .slice(before + 100)
          .map(({ by }) => by),
      ),
    ).toEqual(new Set(addresses.slice(1)))
    for (const line of page.printed.slice(1)) {
      const [name = "", value] = line.split(" ")
      await until(async () => (await relay.metric(name)) === Number(value))
    }
    await relay.end()
  })

  it("needs no review when a server drains and another one hangs, and goes on without a server", async () => {
    const { page, servers } = await shop()
    const [first, second, ...others] = servers
    const running = page.start("shop.mjs", ["200"], { TIMEOUT_MS: "15000" })
    await running.line(/^100 orders$/)
    expect(await first?.end()).toBe(0)
    second?.child.kill("SIGSTOP")
    expect(readText((await running.result()).at(-1)).review).toBe(0)

    await Promise.all([second, ...others].map((server) => server?.end("SIGKILL")))
    const relay = await RelayProcess.start(page.folder)
    expect(readText((await page.start("shop.mjs", ["50"]).result()).at(-1))).toEqual({
      accepted: 0,
      held: 0,
      review: 50,
    })
    const reviews = () => linesOf(join(page.folder, "reviews.ndjson"))
    await until(async () => (await relay.metric('orders_total{decision="review"}')) === 50)
    await until(() => reviews().length === 50)
    expect(reviews()[0]).toMatchObject({ type: "order.decided", data: { decision: "review", reason: "UNREACHABLE" } })
    await relay.end()
  })
})
