// A relay with a status page, in this process.

import { createHmac } from "node:crypto"
import { request } from "node:http"
import { join } from "node:path"
import { type Clock, parseConfig, Relay } from "ohmq-toolkit/relay"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { githubSecret, temporaryFolder } from "../relay/support.js"

export const token = "a token of the status page"

export interface PageRelay {
  readonly folder: string
  readonly url: string
  readonly log: Record<string, unknown>[]
  /** Sends an event in as a signed webhook. Resolves to the status. */
  send(id: string, body?: string): Promise<number>
  /** The HTML of a page. */
  page(path?: string): Promise<string>
  /** Sends a form of the page that is there. */
  submit(path: string, fields: Record<string, string | readonly string[]>): Promise<Response>
  stop(): Promise<void>
}

interface Options {
  /** More options of `http`. */
  http?: string
  /** The sink `out`. */
  out?: string
  /** The sinks of the route. */
  to?: string
  /** More options of the route. */
  route?: string
  /** More lines at the end: further sinks. */
  sinks?: string
  folder?: string
  clock?: Clock
}

/** Starts one. Its source `hooks` goes by the route `all` to the sink `out`. */
export async function pageRelay(options: Options = {}): Promise<PageRelay> {
  const {
    http = "page: true",
    out = "{ type: file, path: ./out.ndjson }",
    to = "out",
    route,
    sinks = "",
    clock,
  } = options
  process.env.GITHUB_SECRET = githubSecret
  process.env.PAGE_TOKEN = token
  const folder = options.folder ?? temporaryFolder()
  const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0", ${http} }
sources:
  hooks: { type: webhook, preset: hmac, path: /in, secret: env:GITHUB_SECRET, idHeader: X-Id }
routes:
  - { name: all, from: [hooks], to: [${to}] ${route === undefined ? "" : `, ${route}`} }
sinks:
  out: ${out}
${sinks}`
  const log: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const relay = await Relay.start(parseConfig(config, join(folder, "relay.yaml")), logger, ...(clock ? [clock] : []))
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= relay.stop(0)
    return stopping
  }
  onTestFinished(stop)
  const url = String(relay.address)
  const page = async (path = "/") => (await fetch(url + path)).text()
  return {
    folder,
    url,
    log,
    stop,
    page,
    send: async (id, body = "{}") => {
      const signature = `sha256=${createHmac("sha256", githubSecret).update(body).digest("hex")}`
      const headers = { "content-type": "application/json", "x-id": id, "x-signature-256": signature }
      const response = await fetch(`${url}/in`, { method: "POST", body, headers })
      await response.arrayBuffer()
      return response.status
    },
    submit: async (path, fields) => {
      const form = new URLSearchParams({ form: formToken(await page(path)) })
      for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) form.append(name, one)
      return fetch(url + path, { method: "POST", body: form, headers: { origin: url }, redirect: "manual" })
    },
  }
}

/** What a page's forms have to send back. */
export const formToken = (html: string): string => /name="form" value="([^"]+)"/.exec(html)?.[1] ?? "none"

/** The text of an element that changes while the page is open. */
export const liveText = (html: string, key: string): string | undefined =>
  new RegExp(`data-live="${key}"[^>]*>([^<]*)<`).exec(html)?.[1]

/** A request with any headers, also those that `fetch` sets itself. */
export function rawRequest(
  url: string,
  headers: Record<string, string>,
  method = "GET",
  body = "",
): Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, async (response) => {
      let text = ""
      for await (const chunk of response.setEncoding("utf8")) text += chunk
      resolve({ status: response.statusCode, headers: response.headers, body: text })
    })
    sent.on("error", reject).end(body)
  })
}
