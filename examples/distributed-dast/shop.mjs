// A shop that was made to be attacked: each weakness in weaknesses.json is really there, and some pages have none. Do not run it where others can
// reach it. Usage: node shop.mjs FOLDER [PORT]. Its files are below FOLDER, and it cannot read any others.

import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import path from "node:path"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

import { select } from "./database.mjs"

const [folder, port = "0"] = process.argv.slice(2)
if (folder === undefined) {
  console.error("Usage: node shop.mjs FOLDER [PORT]")
  process.exit(2)
}

const strict = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'self'",
  "x-content-type-options": "nosniff",
}
const { "content-security-policy": _policy, ...withoutPolicy } = strict
const { "x-content-type-options": _sniffing, ...withoutNosniff } = strict

const page = (title, body = "", status = 200, headers = strict) => ({
  status,
  headers,
  body: `<!doctype html><title>${title}</title><h1>${title}</h1>${body}\n`,
})
const redirect = (location) => ({ status: 302, headers: { ...strict, location }, body: "" })
const escaped = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)

const items = [
  { id: 1, name: "Green tea" },
  { id: 2, name: "Coffee" },
]
const listed = (rows) => `<ul>${rows.map(({ name }) => `<li>${name}</li>`).join("")}</ul>`

/** A file as a container sees it: `..` ends at the root of the container, which is the folder of the shop. */
const fileOf = (name) => readFileSync(path.join(folder, path.posix.join("/srv/public", name)), "utf8")

/** Each page is asked with the parameters and the headers of the request. */
const pages = {
  "/": () => page("Shop", '<a href="/help?topic=orders">Help</a>'),

  // Safe: what comes in is checked, or escaped.
  "/help": ({ topic = "" }) => page("Help", `About ${escaped(topic)}`),
  "/leave": ({ to = "/" }) => redirect(/^\/[a-z]*$/.test(to) ? to : "/"),
  "/item": ({ id }) => page("Item", listed(items.filter((item) => String(item.id) === id))),

  // Weak: what comes in becomes part of the page, of a statement, of a path, and of a header.
  "/search": ({ q = "", page: number = "1" }) =>
    page("Search", `Nothing about ${q}, page ${Number(number) || 1}`, 200, withoutPolicy),
  "/items": ({ id = "1" }) => page("Items", listed(select(`SELECT name FROM items WHERE id = '${id}'`, { items }))),
  "/download": ({ file = "" }) => ({
    status: 200,
    headers: { ...strict, "content-type": "text/plain" },
    body: fileOf(file),
  }),
  "/go": ({ to = "/" }) => redirect(to),

  // Weak: cookies, origins, headers, and what an error tells.
  "/login": () => page("Log in", "", 200, { ...strict, "set-cookie": "session=1; Path=/" }),
  "/account": () => page("Account", "", 200, { ...strict, "set-cookie": "session=2; Path=/" }),
  "/prices": (_parameters, { origin = "null" }) =>
    page("Prices", "", 200, {
      ...strict,
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
    }),
  "/old": () => page("The old shop", "", 200, { ...withoutNosniff, "x-powered-by": "Shop/0.9" }),
  "/report": async ({ year = "2026" }) => {
    await sleep(500)
    if (!/^\d{4}$/.test(year)) throw new RangeError(`Not a year: ${year}`)
    return page("Report", `The year ${year}`)
  },
}

/** The error of a page: that of the database has its message, that of the report says all. */
function failed(error, url) {
  if (error instanceof SyntaxError) return page("Error", escaped(error.message), 500)
  if (error.code !== undefined) return page("Not found", "", 404)
  return page("Error", url.pathname === "/report" ? `<pre>${escaped(error.stack)}</pre>` : "", 500)
}

const sitemap = [
  "/report?year=2026",
  "/",
  "/search?q=tea",
  "/search?q=coffee&page=2",
  "/items?id=1",
  "/items?id=2",
  "/item?id=1",
  "/download?file=terms.txt",
  "/go?to=/help",
  "/leave?to=/help",
  "/login",
  "/account",
  "/help?topic=orders",
  "/prices",
  "/old",
]

async function answer(request) {
  const url = new URL(request.url, `http://${request.headers.host}`)
  if (url.pathname === "/sitemap.txt") {
    const body = sitemap.map((one) => `${url.origin}${one}\n`).join("")
    return { status: 200, headers: { ...strict, "content-type": "text/plain" }, body }
  }
  if (!Object.hasOwn(pages, url.pathname)) return page("Not found", "", 404)
  try {
    return await pages[url.pathname](Object.fromEntries(url.searchParams), request.headers)
  } catch (error) {
    return failed(error, url)
  }
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await answer(request)
  try {
    response.writeHead(status, headers).end(body)
  } catch {
    // A header that HTTP does not allow, such as one with a line break.
    response.writeHead(400).end()
  }
})
server.listen(Number(port), "127.0.0.1", () =>
  console.log(`The shop is open: http://127.0.0.1:${server.address().port}`),
)
