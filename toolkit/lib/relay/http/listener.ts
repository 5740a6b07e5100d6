// What answers HTTP requests: fastify, which only relays with HTTP load.

import { Buffer } from "node:buffer"
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify"
import { type Mount, maxBodyBytes, type Paths, type Site } from "./paths.js"

/** More than a form of the status page has. */
const maxFormBytes = 64 << 10

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url

const tooLarge = ({ maxBytes }: Mount): string => `The body is larger than ${maxBytes} bytes\n`

/** Makes a server that answers the requests to these paths. It does not listen yet. */
export function createListener({ mounts, pages, site, isEnding }: Paths): FastifyInstance {
  const server = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    // Requests under way are answered, connections that wait are closed.
    forceCloseConnections: "idle",
    return503OnClosing: true,
  })
  const isOfSite = ({ method, url }: FastifyRequest): boolean =>
    !pages.has(pathOf(url)) && site()?.owns(method, pathOf(url)) === true
  // For senders, 404 is final.
  const absent = (reply: FastifyReply) =>
    isEnding()
      ? reply.code(503).header("retry-after", "10").send("The relay stops\n")
      : reply.code(404).send("Nothing is here\n")
  server.removeAllContentTypeParsers()
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
  server.addHook("onRequest", async (request, reply) => {
    const path = pathOf(request.url)
    const mount = mounts.get(path)
    if (request.method === "GET" && pages.has(path)) return
    if (site()?.owns(request.method, path)) {
      if (!["GET", "POST"].includes(request.method)) return reply.code(405).header("allow", "GET, POST").send()
      if (Number(request.headers["content-length"]) > maxFormBytes) return reply.code(413).send("Too large\n")
      return
    }
    if (mount === undefined) return absent(reply)
    if (request.method !== "POST") return reply.code(405).header("allow", "POST").send("Only POST is allowed\n")
    if (Number(request.headers["content-length"]) > mount.maxBytes) return reply.code(413).send(tooLarge(mount))
  })
  server.get("*", async (request, reply) => {
    if (isOfSite(request)) return answerOfSite(site() as Site, request, reply)
    const answer = await pages.get(pathOf(request.url))?.()
    return reply
      .code(answer?.status ?? 404)
      .headers(answer?.headers ?? {})
      .send(answer?.body ?? "")
  })
  server.post("*", async (request, reply) => {
    if (isOfSite(request)) return answerOfSite(site() as Site, request, reply)
    const mount = mounts.get(pathOf(request.url))
    if (mount === undefined) return absent(reply)
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    if (body.length > mount.maxBytes) return reply.code(413).send(tooLarge(mount))
    const answer = await mount.handle({ headers: request.headers, body, address: request.socket.remoteAddress })
    return reply
      .code(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body ?? "")
  })
  return server
}

async function answerOfSite(site: Site, { method, url, headers, body }: FastifyRequest, reply: FastifyReply) {
  const form = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const answer = await site.answer({ method, url, headers, body: form })
  if (answer.stream === undefined) return reply.code(answer.status).headers(answer.headers).send(answer.body)
  reply.hijack()
  reply.raw.writeHead(answer.status, { ...answer.headers })
  answer.stream(reply.raw)
  return reply
}
