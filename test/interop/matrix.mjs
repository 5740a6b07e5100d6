// Every cell: a peer, a pattern, a mechanism, who binds, who is the server of the mechanism; and who is refused.

import { randomUUID } from "node:crypto"
import path from "node:path"

import { makeKeys, setups } from "./keys.mjs"
import { Ours } from "./ours.mjs"
import { patterns } from "./patterns.mjs"
import { peers, prepare } from "./peers.mjs"
import { refusals } from "./refusals.mjs"
import { rsyslog, cells as rsyslogCells, runRsyslog } from "./rsyslog/cells.mjs"

const sides = ["ohmq", "peer"]

/**
 * Which side is the server: CURVE and PLAIN have one, and it need not be the one that binds. A REQ of libzmq cannot be: it takes the
 * user's name for a wrong reply. Ours can (native/patches/libzmq/0017-req-user-id.patch).
 */
function serversOf(mechanism, theirs) {
  if (mechanism === "null") return [undefined]
  return sides.filter((side) => side === "ohmq" || theirs !== "REQ")
}

function exchangesOf(peer) {
  const roles = patterns.flatMap(({ first, second, exchange }) => [
    { ours: first, theirs: second, run: (ours, theirs) => exchange(ours, theirs) },
    ...(first === second ? [] : [{ ours: second, theirs: first, run: (ours, theirs) => exchange(theirs, ours) }]),
  ])
  return roles.flatMap(({ ours, theirs, run }) => {
    if (peer.without?.includes(theirs)) return []
    // STREAM is tcp without ZMTP, so it has no mechanisms.
    const mechanisms = ours === "STREAM" ? ["null"] : peer.mechanisms
    return mechanisms.flatMap((mechanism) =>
      sides.flatMap((binds) =>
        serversOf(mechanism, theirs).map((server) => ({
          kind: "exchange",
          peer: peer.name,
          ours,
          theirs,
          mechanism,
          binds,
          server,
          name: `${peer.name}: ohmq ${ours}, peer ${theirs}, ${mechanism}, ${binds} binds${server ? `, ${server} is the server` : ""}`,
          run: (lane) => exchange(lane, { ours, theirs, mechanism, binds, server, run }),
        })),
      ),
    )
  })
}

const refusalsOf = (peer) =>
  Object.entries(refusals)
    .filter(([, { needs }]) => peer.mechanisms.includes(needs))
    .map(([what, { run }]) => ({ kind: "refusal", peer: peer.name, what, name: `${peer.name}: refuses ${what}`, run }))

const cellsOf = (peer) => [...exchangesOf(peer), ...refusalsOf(peer)]

/** Those that take commands, and rsyslog. */
export const names = [...peers.map(({ name }) => name), rsyslog.name]

export const cells = [...peers.flatMap(cellsOf), ...rsyslogCells]

async function exchange({ ours, peer, setup, addressFor }, cell) {
  const { server, client } = setup(cell.mechanism)
  const isServer = (side) => cell.server === side
  await ours.open(cell.ours, (isServer("ohmq") ? server : client).ours, { name: nameOf(cell.ours, cell.theirs) })
  await peer.open(cell.theirs, (isServer("peer") ? server : client).theirs, { name: nameOf(cell.theirs, cell.ours) })
  const [bound, connected] = cell.binds === "ohmq" ? [ours, peer] : [peer, ours]
  await connected.connect(await bound.bind(addressFor(cell.mechanism)))
  await cell.run(ours, peer)
  if (!isServer("ohmq")) return
  const who = ours.decisions.map(({ outcome, mechanism, userId }) => `${outcome} ${mechanism} ${userId}`)
  if (who.length === 1 && who[0] === `allowed ${cell.mechanism.toUpperCase()} alice`) return
  throw new Error(
    `The authenticator should have let alice in, and nobody else: ${who.join(", ") || "it was not asked"}`,
  )
}

/** A ROUTER knows its peer by its name. */
const nameOf = (type, other) => (other === "ROUTER" && type !== "ROUTER" ? `${type.toLowerCase()}-1` : undefined)

/** Runs all cells of a peer in one process of it, one after the other. A process that has failed is replaced. */
async function runPeer(peer, keys, results, onDone) {
  const ours = new Ours(keys)
  const lane = {
    ours,
    keys,
    tellsOfPasswords: peer.tellsOfPasswords ?? true,
    setup: (mechanism, password) =>
      setups[mechanism === "plain" && peer.plainOver === "tcp" ? "plainOverTcp" : mechanism](
        keys,
        ours.authenticator,
        password,
      ),
    // ohmq's PLAIN is for ipc alone, since it sends passwords as they are.
    addressFor: (mechanism) =>
      mechanism === "plain" && peer.plainOver !== "tcp"
        ? `ipc://${path.join(keys.folder, randomUUID())}`
        : "tcp://127.0.0.1:*",
  }
  let start
  let version
  for (const cell of cellsOf(peer)) {
    let error
    try {
      start ??= prepare(peer, keys.folder)
      const startPeer = await start
      if (lane.peer?.failure !== undefined) lane.peer = undefined
      lane.peer ??= await startPeer()
      version ??= lane.peer.version
      if (!lane.peer.isReady) {
        if (peer.mechanisms.includes("plain")) await lane.peer.ask("authenticate", keys.folder)
        lane.peer.isReady = true
      }
      await cell.run(lane)
    } catch (thrown) {
      error = thrown
    }
    await ours.close()
    await lane.peer?.close().catch(() => {})
    results.set(cell.name, error)
    onDone()
  }
  await lane.peer?.end()
  await ours.end()
  return version
}

async function runSyslog(keys, results, versions, onDone) {
  const ours = new Ours(keys)
  versions[rsyslog.name] = await runRsyslog(keys, ours.authenticator, results, onDone)
  await ours.end()
}

/** Runs all cells, the peers at the same time. Gives the error of each cell by its name, undefined where it has passed, and versions. */
export async function runAll({ chosen = names, onProgress = () => {} } = {}) {
  const keys = await makeKeys()
  const results = new Map()
  /** @type {Record<string, string | undefined>} */
  const versions = {}
  try {
    const these = peers.filter(({ name }) => chosen.includes(name))
    const total = cells.filter(({ peer }) => chosen.includes(peer)).length
    const onDone = () => onProgress(results.size, total)
    const running = these.map(async (peer) => {
      versions[peer.name] = await runPeer(peer, keys, results, onDone)
    })
    if (chosen.includes(rsyslog.name)) running.push(runSyslog(keys, results, versions, onDone))
    await Promise.all(running)
  } finally {
    keys.remove()
  }
  return { results, versions }
}
