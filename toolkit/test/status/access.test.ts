// Who may see the status page, and who may act on it.

import { describe, expect, it, onTestFinished, vi } from "vitest"
import { answering } from "../relay/clocked-relay.js"
import { until } from "../relay/support.js"
import { formToken, pageRelay, rawRequest, token } from "./support.js"

const withToken = "page: true, token: env:PAGE_TOKEN"

async function loggedIn(url: string, given = token): Promise<string> {
  const body = new URLSearchParams({ token: given })
  const response = await fetch(`${url}/status/login`, {
    method: "POST",
    body,
    headers: { origin: url },
    redirect: "manual",
  })
  expect(response.status).toBe(303)
  return String(response.headers.get("set-cookie"))
}

const cookieOf = (setCookie: string) => setCookie.split(";", 1)[0] ?? ""

describe("the status page", () => {
  it("is there only if it is asked for", async () => {
    const relay = await pageRelay({ http: "page: false" })
    for (const path of ["/", "/status/status.css", "/status/dead/out", "/status/live"])
      expect((await fetch(relay.url + path)).status, path).toBe(404)
  })

  it("forbids everything from elsewhere, and is kept by no cache", async () => {
    const relay = await pageRelay()
    for (const path of ["/", "/status/dead/out", "/status/nothing"]) {
      const { headers } = await fetch(relay.url + path)
      expect(headers.get("content-security-policy")).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      )
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'")
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("cache-control")).toBe("no-store")
      const html = await relay.page(path)
      expect(html).not.toMatch(/ style=|<style| on\w+=|<script(?! type="module" src="\/status\/)/)
      expect(html).not.toMatch(/(src|href|action)="(?!\/|#)/)
    }
  })

  it("without a token, is for this machine by its own name only", async () => {
    const relay = await pageRelay()
    const { port } = new URL(relay.url)
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect((await rawRequest(relay.url, { host })).status, host).toBe(200)
    for (const host of ["evil.example", `127.0.0.1.evil.example:${port}`, "relay.example"]) {
      const { status, body } = await rawRequest(relay.url, { host })
      expect([host, status]).toEqual([host, 403])
      expect(body).toContain("Set http.token")
      expect((await rawRequest(`${relay.url}/status/charts`, { host })).status).toBe(403)
    }
    expect(
      (await fetch(`${relay.url}/status/login`, { method: "POST", body: "token=", headers: { origin: relay.url } }))
        .status,
    ).toBe(403)
  })

  it("with a token, shows nothing before it is given", async () => {
    const relay = await pageRelay({ http: withToken })
    for (const path of ["/", "/status/dead/out", "/status/charts"]) {
      const html = await relay.page(path)
      expect(html).toContain("Token of this page")
      expect(html).not.toContain("hooks")
    }
    expect((await fetch(`${relay.url}/status/live`)).status).toBe(401)
    for (const wrong of ["", token.slice(1), `${token}x`]) {
      const body = new URLSearchParams({ token: wrong })
      const response = await fetch(`${relay.url}/status/login`, {
        method: "POST",
        body,
        headers: { origin: relay.url },
      })
      expect(response.status).toBe(401)
      expect(response.headers.get("set-cookie")).toBeNull()
      expect(await response.text()).toContain("This is not the token")
    }
    expect(relay.log.filter(({ msg }) => String(msg).includes("wrong token"))).toHaveLength(3)
    expect(JSON.stringify(relay.log)).not.toContain(token)
  })

  it("with a token, is open to who has the cookie", async () => {
    const relay = await pageRelay({ http: withToken })
    const setCookie = await loggedIn(relay.url)
    expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
    expect(setCookie).not.toContain(token)
    const cookie = cookieOf(setCookie)
    const get = async (header: string, host = new URL(relay.url).host) =>
      (await rawRequest(relay.url, { cookie: header, host })).body
    const html = await get(cookie)
    expect(html).toContain("hooks")
    expect(html).not.toContain(token)
    expect(await get(`a=b; ${cookie}; c=d`)).toContain("hooks")
    expect(await get(cookie, "relay.example")).toContain("hooks")
    const [name = "", value = ""] = cookie.split("=", 2)
    const later = value.replace(/^\d+/, (expires) => String(Number(expires) + 1))
    for (const forged of ["", later, `${value}x`, value.replace(/^\d+/, "1")])
      expect(await get(`${name}=${forged}`)).toContain("Token of this page")

    const body = String(new URLSearchParams({ form: formToken(html) }))
    const headers = { cookie, origin: relay.url, "content-type": "application/x-www-form-urlencoded" }
    const out = await rawRequest(`${relay.url}/status/logout`, headers, "POST", body)
    expect(out.status).toBe(303)
    expect(String(out.headers["set-cookie"])).toMatch(/^ohmq-status=; .*Max-Age=0$/)
    expect(String(await loggedIn(relay.url))).not.toContain("Secure")
  })

  it("knows people by their own tokens", async () => {
    process.env.ALICE_TOKEN = "a token of alice's own"
    process.env.BOB_TOKEN = "a token of bob's own"
    const relay = await pageRelay({ http: "page: true, people: { alice: env:ALICE_TOKEN, bob: env:BOB_TOKEN }" })
    expect(await relay.page()).toContain("Token of this page")
    const cookie = async (given: string) => cookieOf(await loggedIn(relay.url, given))
    const alice = await cookie(process.env.ALICE_TOKEN)
    const get = async (header: string) => (await rawRequest(relay.url, { cookie: header })).body
    expect(await get(alice)).toContain("hooks")
    expect(await get(await cookie(process.env.BOB_TOKEN))).toContain("hooks")
    // Nobody becomes somebody else by changing the name in the cookie.
    const asBob = alice.replace(Buffer.from("alice").toString("base64url"), Buffer.from("bob").toString("base64url"))
    expect(asBob).not.toBe(alice)
    expect(await get(asBob)).toContain("Token of this page")
  })

  it("with a token, asks again after twelve hours", async () => {
    const relay = await pageRelay({ http: withToken })
    const cookie = cookieOf(await loggedIn(relay.url))
    const page = async () => (await rawRequest(relay.url, { cookie })).body
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11.9 * 3_600_000 })
    expect(await page()).toContain("hooks")
    vi.setSystemTime(Date.now() + 0.2 * 3_600_000)
    expect(await page()).toContain("Token of this page")
  })

  it("with a token, sets a cookie for TLS only if that is what the browser sees", async () => {
    const relay = await pageRelay({ http: withToken })
    const headers = { origin: "https://relay.example", host: "relay.example" }
    const { status, headers: answered } = await rawRequest(
      `${relay.url}/status/login`,
      headers,
      "POST",
      `token=${token}`,
    )
    expect([status, String(answered["set-cookie"])]).toEqual([303, expect.stringMatching(/; Secure$/)])
  })

  it("acts on its own forms only", async () => {
    const server = await answering(() => [400])
    const relay = await pageRelay({ out: `{ type: webhook, url: "${server.url}" }` })
    await relay.send("1")
    await until(async () => (await relay.page()).includes("1 dead letter<"))
    const form = formToken(await relay.page("/status/dead/out"))
    const fields = { discard: "all", confirmed: "yes" }
    const post = async (headers: Record<string, string>, value: string) => {
      const body = String(new URLSearchParams({ ...fields, form: value }))
      const type = { "content-type": "application/x-www-form-urlencoded" }
      return (await rawRequest(`${relay.url}/status/dead/out`, { ...type, ...headers }, "POST", body)).status
    }
    const own = { origin: relay.url }
    expect(await post({}, form)).toBe(403)
    expect(await post({ origin: "null" }, form)).toBe(403)
    expect(await post({ origin: "http://evil.example" }, form)).toBe(403)
    for (const site of ["cross-site", "same-site", "none"])
      expect(await post({ ...own, "sec-fetch-site": site }, form)).toBe(403)
    for (const value of ["", "none", `${form}x`]) expect(await post(own, value)).toBe(403)
    const tooLarge = { method: "POST", headers: own, body: new URLSearchParams({ form, text: "x".repeat(70_000) }) }
    expect((await fetch(`${relay.url}/status/dead/out`, tooLarge)).status).toBe(413)
    expect(await relay.page()).toContain("1 dead letter<")
    expect(await post(own, form)).toBe(303)
    expect(await relay.page()).toContain("0 dead letters<")
    expect(await post({ ...own, "sec-fetch-site": "same-origin" }, form)).toBe(303)
  })

  it("with a token, acts for nobody who is not logged in", async () => {
    const relay = await pageRelay({ http: withToken })
    const headers = { origin: relay.url }
    for (const path of ["/status/dead/out", "/status/logout"]) {
      const { status, body } = await rawRequest(relay.url + path, headers, "POST", "discard=all&confirmed=yes")
      expect([status, body]).toEqual([401, expect.stringContaining("Token of this page")])
    }
  })

  it("answers other methods and paths as what they are: wrong", async () => {
    const relay = await pageRelay()
    for (const method of ["PUT", "DELETE"]) {
      const response = await fetch(`${relay.url}/status/dead/out`, { method })
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST"])
    }
    for (const path of ["/status/dead/nobody", "/status/dead/", "/status/", "/status/constructor", "/status/../x"])
      expect((await fetch(relay.url + path)).status, path).toBe(404)
    expect((await fetch(relay.url, { method: "POST", body: "" })).status).toBe(404)
    expect((await relay.submit("/status/dead/out", {})).status).toBe(400)
  })
})
