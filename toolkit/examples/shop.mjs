// A web application to scan: a few pages, some of them with weak headers. Usage: node shop.mjs [PORT]

import { createServer } from "node:http"
import process from "node:process"

const strict = { "content-security-policy": "default-src 'self'", "x-content-type-options": "nosniff" }
const pages = {
  "/": strict,
  "/login": { ...strict, "set-cookie": "session=1; Path=/" },
  "/cart": { "x-content-type-options": "nosniff" },
  "/search": {},
  "/admin": { ...strict, "x-powered-by": "Shop/1.2" },
  "/help": strict,
  "/account": { "set-cookie": "theme=dark; HttpOnly; SameSite=Lax" },
  "/api/items": { "x-content-type-options": "nosniff", "access-control-allow-origin": "*" },
  "/old": { "x-powered-by": "Shop/0.9" },
}

const server = createServer(({ url = "/", headers }, response) => {
  const { host } = headers
  if (url === "/pages.txt")
    response.end(
      `${Object.keys(pages)
        .map((page) => `http://${host}${page}`)
        .join("\n")}\n`,
    )
  else if (Object.hasOwn(pages, url)) response.writeHead(200, pages[url]).end(`<h1>${url}</h1>\n`)
  else response.writeHead(404).end("Nothing is here\n")
})
server.listen(Number(process.argv[2] ?? 8090), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
