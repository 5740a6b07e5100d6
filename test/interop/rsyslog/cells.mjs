// The cells of rsyslog: each type of socket that imczmq and omczmq have, NULL and CURVE, either side binding and being the server. It
// takes no commands, so each cell is a daemon with a configuration of its own.

import { deepEqual } from "node:assert/strict"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import * as zmq from "ohmq"

import { typesOf } from "../types.mjs"
import { eventually, startRsyslogd, versionOf } from "./daemon.mjs"
import { records, writeLines } from "./records.mjs"

const types = typesOf(zmq)
const COUNT = 100
const topic = "audit"
const [probe] = records(1, "probe")

export const rsyslog = { name: "rsyslog", packages: "rsyslog rsyslog-czmq" }

const sides = ["ohmq", "peer"]

/** imczmq takes messages, omczmq sends them; RADIO, DISH, CLIENT, SERVER and SCATTER they have only with a CZMQ of drafts. */
const links = [
  { ours: "PUSH", theirs: "PULL", module: "imczmq", more: "" },
  { ours: "DEALER", theirs: "ROUTER", module: "imczmq", more: "" },
  { ours: "PUB", theirs: "SUB", module: "imczmq", more: `topics="${topic}"` },
  { ours: "PULL", theirs: "PUSH", module: "omczmq", more: "" },
  { ours: "ROUTER", theirs: "DEALER", module: "omczmq", more: "" },
  { ours: "SUB", theirs: "PUB", module: "omczmq", more: `topics="${topic}" topicframe="on"` },
]

const serversOf = (mechanism) => (mechanism === "null" ? [undefined] : sides)

const exchanges = links.flatMap((link) =>
  ["null", "curve"].flatMap((mechanism) =>
    sides.flatMap((binds) =>
      serversOf(mechanism).map((server) => {
        const { ours, theirs } = link
        const who = server === undefined ? "" : `, ${server} is the server`
        return {
          kind: "exchange",
          peer: "rsyslog",
          ours,
          theirs,
          mechanism,
          binds,
          server,
          name: `rsyslog: ohmq ${ours}, ${link.module} ${theirs}, ${mechanism}, ${binds} binds${who}`,
          run: (lane) => exchange(lane, { ...link, mechanism, binds, server }),
        }
      }),
    ),
  ),
)

const refusals = [
  { what: "a key that ohmq does not know", run: strangerComes },
  { what: "ohmq with a key that the peer does not know", run: strangerGoes },
].map(({ what, run }) => ({ kind: "refusal", peer: "rsyslog", what, name: `rsyslog: refuses ${what}`, run }))

export const cells = [...exchanges, ...refusals]

/** What the daemon's module is told of keys; it has files. */
function keysFor(lane, server) {
  const file = (name) => path.join(lane.folder, name)
  if (server === undefined) return ""
  if (server === "ohmq") {
    return `authtype="CURVECLIENT" clientcertpath="${file("client.key_secret")}" servercertpath="${file("server.key")}"`
  }
  const certificates = `servercertpath="${file("server.key")}" clientcertpath="${lane.keys.clients}"`
  return `authenticator="on" authtype="CURVESERVER" ${certificates}`
}

/** A daemon whose socket binds, or connects to an endpoint. It writes what comes to a file, and sends what is written to its socket. */
async function startDaemon(lane, { module, theirs, more, server }, endpoint) {
  const keys = keysFor(lane, server)
  const where = endpoint === undefined ? "@tcp://127.0.0.1:*" : `>${endpoint}`
  const what = `socktype="${theirs}" endpoints="${where}" ${more}`
  // imczmq makes a message of each frame, routing ids and topics among them.
  const configurations = {
    imczmq: `module(load="imczmq" ${keys})
      template(name="raw" type="string" string="%rawmsg%\\n")
      ruleset(name="write" queue.type="direct") {
        if $rawmsg startswith "<" then action(type="omfile" file="${lane.out}" template="raw")
      }
      input(type="imczmq" ${what} ruleset="write")
    `,
    omczmq: `module(load="imptcp")
      module(load="omczmq" ${keys})
      template(name="line" type="string" string="%rawmsg%")
      ruleset(name="send" queue.type="direct") { action(type="omczmq" ${what} template="line") }
      input(type="imptcp" path="${lane.in}" ruleset="send")
    `,
  }
  lane.daemon = await startRsyslogd(lane.folder, configurations[module])
}

/** Opens ohmq's socket and starts the daemon, and has one connect to the other. */
async function link(lane, cell, client = lane.keys.alice) {
  const { ours, mechanism, server, binds, module } = cell
  const { authenticator, keys } = lane
  const security =
    server === "ohmq" ? { server: keys.server, authenticator } : { client, serverKey: keys.server.publicKey }
  const socket = new types[ours]({
    context: authenticator.context,
    linger: 1000,
    ...(mechanism === "curve" && { security }),
  })
  lane.socket = socket
  // Before it connects, because libzmq reports an event only to an observer that is there.
  lane.events = socket.events
  if (ours === "SUB") socket.subscribe(topic)
  if (binds === "ohmq") await socket.bind("tcp://127.0.0.1:*")
  await startDaemon(lane, cell, binds === "ohmq" ? socket.lastEndpoint : undefined)
  // It opens its socket at its first line, and is busy with that until somebody is there to take it, or it is lost.
  if (module === "omczmq") writeLines(lane.in, [probe]).catch(() => {})
  if (binds === "peer") socket.connect(await lane.daemon.endpoint())
  return socket
}

async function exchange(lane, cell) {
  const socket = await link(lane, cell)
  const lines = records(COUNT)
  const isTopical = cell.more !== ""
  const got =
    cell.module === "imczmq" ? await send(lane, socket, lines, isTopical) : await take(lane, socket, lines, isTopical)
  deepEqual(got, lines)
  if (lane.daemon.complaints() !== "") throw new Error(`rsyslogd: ${lane.daemon.complaints()}`)
  if (cell.server !== "ohmq") return
  const who = lane.decisions.map(({ outcome, userId }) => `${outcome} ${userId}`)
  if (who.length > 0 && who.every((one) => one === "allowed alice")) return
  throw new Error(
    `The authenticator should have let alice in, and nobody else: ${who.join(", ") || "it was not asked"}`,
  )
}

/** Sends lines to the daemon, and gives those that it has written. */
async function send(lane, socket, lines, isTopical) {
  const wrap = (line) => (isTopical ? [topic, line] : [line])
  const written = () => readFileSync(lane.out, "utf8").split("\n").slice(0, -1)
  if (isTopical) {
    while (!existsSync(lane.out)) {
      await socket.send(wrap(probe))
      await sleep(10)
    }
  }
  for (const line of lines) await socket.send(wrap(line), { timeout: 5000 })
  return eventually(() => {
    const got = written().filter((line) => line !== probe)
    if (got.length < lines.length) throw new Error(`${got.length} of ${lines.length} lines have come`)
    return got
  })
}

/** Has the daemon send lines, and gives those that come. */
async function take(lane, socket, lines, isTopical) {
  // Before the line stands the topic, or the routing id.
  const next = async (timeout) => String((await socket.receive({ timeout })).at(-1))
  const first = () => next(100).catch(() => undefined)
  for (const limit = performance.now() + 10_000; (await first()) === undefined; ) {
    if (performance.now() > limit) throw new Error("No line has come within 10000 ms")
    if (isTopical) await writeLines(lane.in, [probe])
  }
  await writeLines(lane.in, lines)
  const got = []
  while (got.length < lines.length) {
    const line = await next(5000)
    if (line !== probe) got.push(line)
  }
  return got
}

const pipeline = { mechanism: "curve", binds: "ohmq", more: "" }

/** The daemon comes with a key that the authenticator does not know. */
async function strangerComes(lane) {
  await lane.keys.mallory.save(path.join(lane.folder, "client.key"))
  const denied = once(lane.authenticator, "denied", { signal: AbortSignal.timeout(10_000) })
  denied.catch(() => {})
  const socket = await link(lane, { ...pipeline, ours: "PULL", theirs: "PUSH", module: "omczmq", server: "ohmq" })
  const [{ reason }] = await denied
  if (reason !== "unknown key") throw new Error(`Denied for another reason: ${reason}`)
  if (socket.tryReceive() !== undefined) throw new Error("A message came in")
}

/** ohmq comes with a key that the daemon does not know. */
async function strangerGoes(lane) {
  const cell = { ...pipeline, ours: "PUSH", theirs: "PULL", module: "imczmq", server: "peer", binds: "peer" }
  const socket = await link(lane, cell, lane.keys.mallory)
  const { error } = await lane.events.waitFor("handshake:error:auth", { timeout: 10_000 })
  if (error.status !== 400) throw new Error(`Refused with another status: ${error.status}`)
  socket.trySend("let me in")
  if (existsSync(lane.out)) throw new Error("A message came in")
}

/** Runs all cells, one after the other. Gives the version. */
export async function runRsyslog(keys, authenticator, results, onDone) {
  const decisions = []
  const note = (decision) => decisions.push(decision)
  authenticator.on("allowed", note).on("denied", note)
  for (const cell of cells) {
    const folder = mkdtempSync(path.join(keys.folder, "rsyslog-"))
    const file = (name) => path.join(folder, name)
    decisions.length = 0
    const lane = { keys, authenticator, decisions, folder, in: file("in.sock"), out: file("out.log") }
    let error
    try {
      await keys.server.save(file("server.key"))
      await keys.alice.save(file("client.key"))
      await cell.run(lane)
    } catch (thrown) {
      error = thrown
    }
    lane.socket?.close()
    await lane.daemon?.stop()
    results.set(cell.name, error)
    onDone()
  }
  const version = versionOf()
  return version === undefined ? undefined : `rsyslog ${version}`
}
