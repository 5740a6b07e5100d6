// Asks a server that is not ZeroMQ what it is: in HTTP, which is the way to ZeroMQ over WebSocket, too, in TLS and in Redis's protocol.

import type { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"
import { isIP } from "node:net"
import { type ConnectionOptions, connect as connectTls } from "node:tls"

import { openAgain, sameWay } from "./connection.js"
import type { Examination } from "./examination.js"
import { headerOf, type Recognised, recognise } from "./recognition.js"
import type { Target } from "./target.js"
import { printable, Wire } from "./wire.js"

/** The protocols of ZeroMQ inside WebSocket (RFC 45, https://rfc.zeromq.org/spec/45/); the server takes the first that it speaks. */
const websocketProtocols = "ZWS2.0/NULL,ZWS2.0/PLAIN,ZWS2.0/CURVE"

/** A request that any HTTP server answers, and a socket that is bound to a ws:// endpoint accepts. */
export function upgradeRequest(target: Target): string {
  const { host, port, path } = target.transport === "ipc" ? { host: "localhost", port: 80, path: "/" } : target
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host.includes(":") ? `[${host}]` : host}:${port}`,
    "User-Agent: ohmq-doctor",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    `Sec-WebSocket-Protocol: ${websocketProtocols}`,
    "Sec-WebSocket-Version: 13",
    "\r\n",
  ].join("\r\n")
}

/** A ZeroMQ socket over plain TCP greets without being asked, with 0xff first. */
const hasAnswer = (bytes: Buffer) => bytes.includes("\r\n\r\n") || (bytes[0] === 0xff && bytes.length >= 10)

/** Servers answer such questions soon, or not at all. */
const patienceWith = ({ timeout }: Examination) => Math.min(1500, timeout)

/** Sends a request, and waits for the head of the response. */
export async function requestUpgrade(wire: Wire, target: Target, patience: number): Promise<void> {
  wire.write(upgradeRequest(target))
  await wire.until(hasAnswer, patience)
}

/** Whether a response accepts ZeroMQ over WebSocket: its mechanism. */
export function acceptedMechanism(response: string): string | undefined {
  if (!/^HTTP\/1\.1 101 /.test(response)) return undefined
  const [, mechanism] = /^ZWS2\.0(?:\/([A-Z]+))?$/.exec(headerOf(response, "Sec-WebSocket-Protocol") ?? "") ?? []
  return mechanism ?? "NULL"
}

async function askHttp(examination: Examination, target: Target): Promise<Recognised | undefined> {
  const wire = await openAgain(examination, target)
  if (wire === undefined) return undefined
  await requestUpgrade(wire, target, patienceWith(examination))
  wire.close()
  const response = wire.bytes.toString("latin1")
  const mechanism = acceptedMechanism(response)
  if (mechanism !== undefined) return { cause: "websocket", protocol: "ZMTP", banner: mechanism }
  return recognise(wire.bytes)
}

async function askRedis(examination: Examination, target: Target): Promise<Recognised | undefined> {
  const wire = await openAgain(examination, target)
  if (wire === undefined) return undefined
  wire.write("PING\r\n")
  await wire.until((bytes) => bytes.includes("\n"), patienceWith(examination))
  wire.close()
  return recognise(wire.bytes)
}

const tlsOptions = (examination: Examination, target: Target): ConnectionOptions => ({
  ...(sameWay(examination, target) as ConnectionOptions),
  // It only asks who is there.
  rejectUnauthorized: false,
  ...(target.transport !== "ipc" && isIP(target.host) === 0 && { servername: target.host }),
})

/** Opens TLS. A text is the code of an error. */
export function openTls(
  examination: Examination,
  target: Target,
  patience: number,
): Promise<{ wire: Wire; subject: string } | string> {
  const socket = connectTls(tlsOptions(examination, target))
  const wire = examination.adopt(new Wire(socket))
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy()
      resolve("ETIMEDOUT")
    }, patience)
    socket.once("secureConnect", () => {
      clearTimeout(timer)
      const { subject, subjectaltname } = socket.getPeerCertificate()
      const name = subject?.CN ?? subjectaltname ?? "a certificate without a name"
      resolve({ wire, subject: printable(String(name)) })
    })
    const fail = (error?: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve(error?.code ?? "ECONNRESET")
    }
    socket.once("error", fail).once("close", () => fail())
  })
}

async function askTls(examination: Examination, target: Target): Promise<Recognised | undefined> {
  const result = await openTls(examination, target, patienceWith(examination))
  if (typeof result === "string") {
    // Only a TLS server sends alerts, for example if it has no version in common with us.
    const [, alert] = /^ERR_SSL_.*ALERT_(.*)$/.exec(result) ?? []
    if (alert === undefined) return undefined
    return { cause: "tls", protocol: "TLS", banner: `alert: ${alert.toLowerCase().replaceAll("_", " ")}` }
  }
  result.wire.close()
  return { cause: "tls", protocol: "TLS", banner: `certificate of ${result.subject}` }
}

const askers = { HTTP: askHttp, Redis: askRedis, TLS: askTls } as const

type Protocol = keyof typeof askers

/** How long TLS may still take when another protocol was answered: HTTPS servers also answer HTTP, with an error. */
const TLS_LATER = 500

/** The answer that says most: that of TLS, or else the first one. */
function best(
  questions: readonly (readonly [Protocol, Promise<Recognised | undefined>])[],
): Promise<Recognised | undefined> {
  return new Promise((resolve) => {
    const found = new Map<Protocol, Recognised>()
    const first = () => found.get("TLS") ?? found.get("HTTP") ?? found.get("Redis")
    for (const [name, question] of questions) {
      void question.then((answer) => {
        if (answer === undefined) return
        found.set(name, answer)
        if (name === "TLS") resolve(answer)
        else setTimeout(() => resolve(first()), TLS_LATER)
      })
    }
    void Promise.all(questions.map(([, question]) => question)).then(() => resolve(first()))
  })
}

/**
 * Asks in all these protocols at once, or in one. Servers that take one connection at a time get the questions in this order, in which
 * each makes them ready for the next one.
 */
export async function ask(
  examination: Examination,
  target: Target,
  protocols: readonly Protocol[] = ["HTTP", "Redis", "TLS"],
): Promise<Recognised | undefined> {
  const end = examination.begin(protocols.join(", "))
  const found = await best(protocols.map((name) => [name, askers[name](examination, target)] as const))
  end(
    found === undefined
      ? "no answer"
      : [`${found.protocol ?? "something else"} answers`, found.banner].filter((text) => text !== undefined).join(": "),
    found !== undefined,
  )
  return found
}
