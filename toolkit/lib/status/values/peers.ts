// The texts about peers that change while the page is open.

import type { DenialView, PeerView } from "../view/relay.js"
import { count, time } from "./format.js"
import type { Tone } from "./tone.js"

/** The identity of a peer on the page. */
export const peerKey = ({ role, name, identity }: PeerView): string => `peer/${role}/${name}/${identity}`

/** The same, of a row about those who were not let in. */
export const denialKey = ({ role, name }: DenialView): string => `denied/${role}/${name}`

const states: Record<PeerView["state"], [text: string, tone: Tone]> = {
  connected: ["Connected", "good"],
  unsure: ["May be connected", "warn"],
  gone: ["Not connected", "idle"],
}

const timeOrNone = (milliseconds: number | undefined): string => (milliseconds === undefined ? "–" : time(milliseconds))

/** A peer over ipc has no address of its own. */
const place = (address: string): string => address || "this machine"

/** Those of peers, and of who was not let in. */
export function peerValues(peers: readonly PeerView[], denials: readonly DenialView[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const peer of peers) {
    const key = peerKey(peer)
    const [text, tone] = states[peer.state]
    Object.assign(values, {
      [`${key}/address`]: place(peer.address),
      [`${key}/state`]: text,
      [`${key}/tone`]: tone,
      [`${key}/since`]: timeOrNone(peer.since),
      [`${key}/messages`]: peer.messages === undefined ? "–" : count(peer.messages),
      [`${key}/last`]: timeOrNone(peer.last),
    })
  }
  for (const denial of denials) {
    const key = denialKey(denial)
    const { last } = denial
    Object.assign(values, {
      [`${key}/count`]: count(denial.count),
      [`${key}/last`]: timeOrNone(last?.time),
      [`${key}/address`]: last ? place(last.address) : "–",
      [`${key}/reason`]: last?.reason ?? "–",
    })
  }
  return values
}

/** What their part of the page is made of. */
export const peerShape = (peers: readonly PeerView[], denials: readonly DenialView[]): unknown => [
  peers.map(peerKey),
  denials.map(denialKey),
]
