// The status page in a browser: Debian's package chromium, driven by Playwright.

import { mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { Push } from "ohmq"
import { generateKeyPair } from "ohmq/security"
import { openStore } from "ohmq-toolkit/store"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { answering } from "../relay/clocked-relay.js"
import { basic, freePort, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { liveText, pageRelay, token } from "../status/support.js"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
    ],
  })
}, 60_000)
afterAll(() => browser?.close())

interface Visit {
  page: Page
  /** What the page did that it must not: errors, and requests to other places. */
  wrong: string[]
}

async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const wrong: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("ERR_")) wrong.push(message.text())
  })
  page.on("pageerror", ({ message }) => wrong.push(message))
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(request.url())
  })
  await page.goto(url)
  return { page, wrong }
}

interface Violation {
  id: string
  impact: string
  nodes: { html: string; failureSummary: string }[]
}

/** What axe finds against WCAG 2.2, A and AA, on the page as it is. */
async function violations(page: Page): Promise<string[]> {
  // Not as an element of the page, which its policy would not let run.
  await page.evaluate(axe)
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
  )) as Violation[]
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`))
}

/** A relay with something to see: a sink that works, one that is down, and one with dead letters. */
async function busyRelay() {
  const sink = { status: 400 }
  const server = await answering(() => [sink.status])
  const gone = `http://127.0.0.1:${await freePort()}/`
  const relay = await pageRelay({
    out: `{ type: webhook, url: "${server.url}" }`,
    sinks: `  away: { type: webhook, url: "${gone}", delivery: { retryMin: 5ms, retryMax: 10ms, openAfter: 0ms } }
  archive: { type: file, path: ./archive.ndjson }
`,
    to: "out, away, archive",
  })
  for (let i = 1; i <= 60; i++) await relay.send(`event-${i}`)
  await until(async () => liveText(await relay.page(), "sink/out/dead") === "60 dead letters")
  return { relay, server, sink }
}

/** The configuration of a relay with a socket that lets one client in, and that client. */
async function guardedSource() {
  const folder = temporaryFolder()
  const [server, scanner] = [generateKeyPair({ name: "relay" }), generateKeyPair({ name: "scanner" })]
  await server.save(join(folder, "relay.key"))
  mkdirSync(join(folder, "clients"), { mode: 0o700 })
  await scanner.public.save(join(folder, "clients", "scanner.key"))
  const client = new Push({ security: { client: scanner, serverKey: server.publicKey }, linger: 0 })
  onTestFinished(() => client.close())
  const endpoint = `tcp://127.0.0.1:${await freePort()}`
  const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0", page: true }
sources:
  scanners: { type: zmq, socket: pull, bind: "${endpoint}", security: { cert: ./relay.key_secret, clients: ./clients } }
routes:
  - { name: all, from: [scanners], to: [] }
sinks: {}
`
  return { folder, endpoint, config, client }
}

describe("the status page in Chromium", () => {
  it.each(["light", "dark"] as const)("is accessible, %s", { timeout: 120_000 }, async (colorScheme) => {
    const { relay } = await busyRelay()
    for (const path of ["/", "/status/dead/out", "/status/dead/away", "/status/nothing"]) {
      const { page, wrong } = await visit(relay.url + path, { colorScheme })
      if (path === "/") await page.waitForSelector("#lag-chart canvas")
      expect(await violations(page), path).toEqual([])
      expect(wrong.filter((text) => !text.includes("404"))).toEqual([])
    }
    const { page } = await visit(`${relay.url}/status/dead/out`, { colorScheme })
    await page.getByRole("button", { name: "Discard all 60" }).click()
    await page.getByRole("heading", { name: "Discard 60 dead letters?" }).waitFor()
    expect(await violations(page)).toEqual([])
  })

  it("is accessible with peers over CURVE, and shows those that come", { timeout: 120_000 }, async () => {
    const { folder, endpoint, config, client } = await guardedSource()
    const relay = await RelayProcess.start(folder, config)
    const { page, wrong } = await visit(relay.url)
    client.connect(endpoint)
    // The page loads itself again when there is somebody new.
    await page.locator("#peers ~ .scroll strong", { hasText: /^scanner$/ }).waitFor({ timeout: 30_000 })
    expect(await page.locator('[data-live="peer/source/scanners/scanner/state"]').textContent()).toBe("Connected")
    expect(await page.getByRole("heading", { name: "Refused handshakes" }).isVisible()).toBe(true)
    expect(await violations(page)).toEqual([])
    expect(wrong).toEqual([])
    await relay.end()
  })

  it("shows new figures without being loaded again", async () => {
    const { relay, sink } = await busyRelay()
    const { page, wrong } = await visit(relay.url)
    const stored = page.locator('[data-live="source/hooks/stored"]')
    expect(await stored.textContent()).toBe("60")
    await page.waitForSelector("#rate-chart canvas")
    await relay.send("event-61")
    await page.locator('[data-live="source/hooks/stored"]', { hasText: /^61$/ }).waitFor()
    await page.locator('.line:not([data-level="0"])').first().waitFor({ state: "attached" })
    sink.status = 500
    await relay.send("event-62")
    const state = page.locator("#sink-out .state")
    await page.locator('#sink-out .state:not([data-tone="good"])').waitFor()
    expect(await state.textContent()).toBe("Failing")
    expect(await page.locator("#sink-out .why").textContent()).toContain("answered 500")
    sink.status = 200
    await page.locator('#sink-out .state[data-tone="good"]').waitFor()
    expect(await page.locator("#sink-out .why").isVisible()).toBe(false)
    expect(wrong).toEqual([])
  })

  it("works without JavaScript, and says what is missing", async () => {
    const { relay, server, sink } = await busyRelay()
    const { page } = await visit(relay.url, { javaScriptEnabled: false })
    expect(await page.getByText("Live updates and charts need JavaScript").isVisible()).toBe(true)
    expect(await page.locator("#charts").isVisible()).toBe(false)
    await page.getByRole("link", { name: "60 dead letters" }).click()
    await page.getByRole("link", { name: "Next" }).click()
    expect(await page.locator(".letters tbody tr").count()).toBe(10)
    await page.getByLabel("Text in reason").fill("EVENT-33")
    await page.getByRole("button", { name: "Search" }).click()
    sink.status = 200
    const sent = server.received.length
    await page.locator(".letters").getByRole("button", { name: "Replay" }).click()
    expect(await page.getByRole("status").textContent()).toBe("1 dead letter replayed.")
    await until(() => server.received.length === sent + 1)
    await page.goto(`${relay.url}/status/dead/out`)
    await page.getByLabel("Select dead letter").first().check()
    await page.getByRole("button", { name: "Discard selected" }).click()
    await page.getByRole("button", { name: "Discard 1 dead letter" }).click()
    expect(await page.getByRole("status").textContent()).toBe("1 dead letter discarded.")
    await page.getByRole("button", { name: "Discard all 58" }).click()
    await page.getByRole("link", { name: "Keep them" }).click()
    await page.getByRole("button", { name: "Replay all 58" }).click()
    expect(await page.getByText("out has no dead letters.").isVisible()).toBe(true)
  })

  it("can be used with the keyboard alone", async () => {
    const { relay } = await busyRelay()
    const { page } = await visit(`${relay.url}/status/dead/out`)
    await page.keyboard.press("Tab")
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content")
    await page.keyboard.press("Enter")
    for (const _ of [1, 2, 3, 4, 5, 6]) {
      await page.keyboard.press("Tab")
      const focused = await page.evaluate(
        "document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle",
      )
      expect(focused).toBe("solid")
      if ((await page.evaluate("document.activeElement.textContent")) === "Discard selected") break
    }
    await page.getByRole("button", { name: "Discard dead letter 1", exact: true }).focus()
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Discard 1 dead letter" }).focus()
    await page.keyboard.press("Enter")
    await page.getByText("1 dead letter discarded.").waitFor()
  })

  it("asks for the token, once", async () => {
    const relay = await pageRelay({ http: "page: true, token: env:PAGE_TOKEN" })
    const { page, wrong } = await visit(relay.url)
    expect(await violations(page)).toEqual([])
    await page.getByLabel("Token of this page").fill("wrong")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByLabel("Token of this page").fill(token)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Flow" }).waitFor()
    await page.waitForSelector("#lag-chart canvas")
    await page.reload()
    await page.getByRole("button", { name: "Log out" }).click()
    await page.getByLabel("Token of this page").waitFor()
    expect(wrong.filter((text) => !text.includes("401"))).toEqual([])
  })

  it("says that the relay is gone, and comes back with it", { timeout: 90_000 }, async () => {
    const folder = temporaryFolder()
    const port = await freePort()
    const config = basic.replace('"127.0.0.1:0"', `"127.0.0.1:${port}", page: true`)
    const relay = await RelayProcess.start(folder, config)
    const { page } = await visit(relay.url)
    const notice = page.locator("#live[data-tone=bad]")
    await page.waitForSelector("#lag-chart canvas")
    await relay.end()
    await notice.waitFor()
    expect(await notice.textContent()).toContain("It has stopped")
    expect(await page.locator('[data-live="state"]').textContent()).toBe("Not connected")
    const second = await RelayProcess.start(folder)
    await page.locator('[data-live="state"]', { hasText: "Takes events" }).waitFor()
    await second.end("SIGKILL")
    await notice.waitFor()
    expect(await notice.textContent()).toContain("It does not answer")
  })

  it("stays usable with 100,000 dead letters", { timeout: 180_000 }, async () => {
    const folder = temporaryFolder()
    const refusing = await answering(() => [400])
    const first = await pageRelay({ folder, out: `{ type: webhook, url: "${refusing.url}" }` })
    await first.send("event")
    await until(async () => liveText(await first.page(), "sink/out/dead") === "1 dead letter")
    await first.stop()
    const store = await openStore(join(folder, "data"))
    for await (const { position, time, sender, frames } of store.deadLetters("out")) {
      const entry = { position, time, sender, frames }
      const bury = (from: number) =>
        Promise.all(
          Array.from({ length: 1000 }, (_, i) => store.deadLetter("out", entry, `Refused for reason ${from + i}`)),
        )
      for (let from = 2; from < 100_000; from += 1000) await bury(from)
      break
    }
    await store.close()

    const relay = await pageRelay({ folder })
    const { page } = await visit(`${relay.url}/status/dead/out`)
    expect(await page.locator(".letters tbody tr").count()).toBe(50)
    expect(await page.getByRole("heading", { name: "Dead letters of out" }).isVisible()).toBe(true)
    expect(await page.getByText("100,001 dead letters", { exact: true }).isVisible()).toBe(true)
    await page.goto(`${relay.url}/status/dead/out?after=99990`)
    expect(await page.locator(".letters tbody tr").count()).toBe(11)
    await page.getByLabel("Text in reason").fill("reason 99999")
    await page.getByRole("button", { name: "Search" }).click()
    // A search that takes long says how far it has come.
    while ((await page.locator(".letters tbody tr").count()) === 0)
      await page.getByRole("link", { name: "Next" }).click()
    expect(await page.locator(".reason").textContent()).toBe("Refused for reason 99999")
    await page.goto(`${relay.url}/status/dead/out`)
    await page.getByRole("button", { name: "Replay all 100,001" }).click()
    await page.getByRole("status").waitFor()
    await until(async () => liveText(await relay.page(), "sink/out/delivered") === "100,001")
    await page.reload()
    expect(await page.getByText("out has no dead letters.").isVisible()).toBe(true)
  })
})
