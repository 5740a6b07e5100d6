// The peers of sockets with CURVE on the first page, and who was not let in.

import { denialKey, peerKey } from "../values/peers.js"
import type { DenialView, PeerView } from "../view/relay.js"
import { type Html, html } from "./html.js"
import type { Live } from "./live.js"
import { number, table } from "./table.js"

function peerRow(peer: PeerView, live: Live): Html {
  const key = peerKey(peer)
  return html`<tr>
<th scope="row">${peer.name} <small>${peer.role}</small></th>
<td><strong>${peer.identity}</strong></td>
<td>${live.text(`${key}/address`)}</td>
<td><span class="state"${live.tone(`${key}/tone`)}>${live.text(`${key}/state`)}</span></td>
<td>${live.text(`${key}/since`)}</td>
${number(live.text(`${key}/messages`))}<td>${live.text(`${key}/last`)}</td>
</tr>
`
}

function denialRow(denial: DenialView, live: Live): Html {
  const key = denialKey(denial)
  return html`<tr>
<th scope="row">${denial.name} <small>${denial.role}</small></th>
${number(live.text(`${key}/count`))}${["last", "address", "reason"].map((what) => html`<td>${live.text(`${key}/${what}`)}</td>`)}
</tr>
`
}

/** Their part of the page. Nothing if no socket has CURVE. */
export function peerSections(peers: readonly PeerView[], denials: readonly DenialView[], live: Live): Html {
  if (peers.length + denials.length === 0) return html``
  return html`${table(
    "peers",
    "Peers over CURVE",
    ["Socket", "Verified identity", "Address", "State", "Connected since", "Messages", "Last message"],
    peers.map((peer) => peerRow(peer, live)),
    "No peer has been connected.",
  )}
${table(
  "denied",
  "Refused handshakes",
  ["Socket", "Refused", "Last", "Address", "Reason"],
  denials.map((denial) => denialRow(denial, live)),
  "No socket lets peers in by their keys.",
)}`
}
