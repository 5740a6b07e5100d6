// What can be the matter: for each cause the exit code, the sentence that says it, and what to do next.

import { Exit } from "../command/exit.js"
import { refusals } from "../connection/failures.js"
import type { Facts } from "./examination.js"

/** A fact or a word instead of it. */
type Text = string | ((facts: Facts, endpoint: string) => string)

interface Diagnosis {
  readonly exit: number
  readonly sentence: Text
  readonly advice: Text
}

const an = (word: string) => `${/^[AEIOX]/.test(word) ? "an" : "a"} ${word}`

/** "REQ, DEALER or ROUTER". */
export function either(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
}

const peerType = ({ socketTypes = [] }: Facts) =>
  socketTypes.length === 0 ? "a peer that does not say its socket type" : an(either(socketTypes))

const protection = ({ mechanism }: Facts) =>
  mechanism === "CURVE"
    ? "encrypted with CURVE"
    : mechanism === undefined || mechanism === "NULL"
      ? "without encryption"
      : `with ${mechanism}`

const withBanner = (text: string, { banner }: Facts) => (banner === undefined ? text : `${text} (${banner})`)

const by = ({ process }: Facts) => (process === undefined ? "" : ` It belongs to process ${process}.`)

const elsewhere: Text = (facts) =>
  `Check host and port: the ZeroMQ socket has another one, or is not running.${by(facts)}`

/** What is well is said with the type that fits. */
const well: Text = (facts) => {
  const inside = facts.isWebSocket ? " inside WebSocket" : ""
  const what = `${peerType(facts)} answers, ${protection(facts)}${facts.version === undefined ? "" : ` (ZMTP ${facts.version}${inside})`}`
  const begin = what.charAt(0).toUpperCase() + what.slice(1)
  if (facts.ourType !== undefined) return `${begin}, and ${an(facts.ourType)} fits.`
  return `${begin}.`
}

/** The options that a user lacks, by the peer's mechanism. */
const security: Text = ({ mechanism }) =>
  mechanism === "CURVE"
    ? "Get the server's public certificate, make one of your own (ohmq keys certificate), and add --cert FILE_secret --server-cert FILE."
    : mechanism === "PLAIN"
      ? "Add the user and the password: --plain USER:env:NAME."
      : `ohmq has no ${mechanism}: give the peer CURVE.`

const fits: Text = ({ fitting = [] }) =>
  fitting.length === 0
    ? "Use a socket type that fits the peer's."
    : `Use ${either(fitting)} on this side, or change the peer.`

/** Why messages may be missing although sockets are connected. */
const hints: Readonly<Record<string, string>> = {
  SUB: " If no message comes, check the subscriptions, which are prefixes of the first part; what was sent before is lost.",
  PULL: " If messages are missing, another PULL has them: they go round.",
  REQ: " If no reply comes, the peer got the request: see its log.",
}

export const causes = {
  well: {
    exit: Exit.done,
    sentence: well,
    advice: ({ fitting = [], ourType = "" }) =>
      ourType === "" && fitting.length > 0
        ? `Connect with ${either(fitting)}.`
        : `Nothing is in the way.${hints[ourType] ?? ""}`,
  },
  "name-unknown": {
    exit: Exit.failed,
    sentence: "No machine has this name.",
    advice: "Check the spelling, or ask the name service: getent hosts NAME.",
  },
  "name-server-silent": {
    exit: Exit.timedOut,
    sentence: "The name service does not answer, so the address of the host is unknown.",
    advice: "Check the network and /etc/resolv.conf, or use the IP address.",
  },
  "nothing-listens": {
    exit: Exit.failed,
    sentence: ({ isLocal }) =>
      `The machine${isLocal ? "" : " answers, but it"} refuses the connection: no socket is bound to this port.`,
    advice: ({ isLocal }) =>
      isLocal
        ? "Start the peer, or correct the port. One of both sides must bind, and the other connect."
        : "Start the peer, or correct the port; and check that it is not bound to 127.0.0.1 only, which nobody reaches from outside.",
  },
  "both-connect": {
    exit: Exit.failed,
    sentence: (facts) =>
      `Nobody is bound there, but ${facts.socketTypes === undefined ? "a ZeroMQ socket" : peerType(facts)} connects to it, too: both sides connect.`,
    advice: "Have one side bind: write its endpoint with @, such as @tcp://*:5555.",
  },
  unreachable: {
    exit: Exit.failed,
    sentence: ({ code }) => `There is no way to this address${code === undefined ? "" : ` (${code})`}.`,
    advice: "Check the address, the network, and a VPN if one is needed: ip route get ADDRESS.",
  },
  "no-answer": {
    exit: Exit.timedOut,
    sentence:
      "Nothing answers at this address, not even to refuse: a firewall drops the connection, or the machine is off.",
    advice: "Check that the machine is on, and that firewalls and security groups let this port through.",
  },
  "not-permitted": {
    exit: Exit.failed,
    sentence: "This machine does not permit the connection: a rule of its firewall or a sandbox forbids it.",
    advice: "Check the rules for outgoing connections on this machine.",
  },
  "only-ipv6-listens": {
    exit: Exit.failed,
    sentence: ({ peer }) =>
      `The peer listens only at its IPv6 address ${peer}, but a socket tries the IPv4 address of a name unless its option ipv6 is set.`,
    advice: ({ peer }) => `Write the address, tcp://${peer}, or set the option: --option ipv6=true.`,
  },
  "only-ipv6-name": {
    exit: Exit.failed,
    sentence: "The name has only IPv6 addresses, which a socket does not use unless its option ipv6 is set.",
    advice: ({ peer }) => `Write the address, tcp://${peer}, or set the option: --option ipv6=true.`,
  },
  "ipc-missing": {
    exit: Exit.failed,
    sentence: "There is no such socket: the peer is not running, or is bound to another path.",
    advice:
      "Start the peer, and compare the paths: a relative one depends on the folder in which a program was started.",
  },
  "ipc-not-a-socket": {
    exit: Exit.failed,
    sentence: "The path is not a socket, but another file or a folder.",
    advice: "Correct the path. libzmq does not replace such a file when it binds.",
  },
  "ipc-abandoned": {
    exit: Exit.failed,
    sentence: "The socket is abandoned: the file is there, but the process that was bound to it has ended.",
    advice: "Start the peer again: it replaces the file when it binds.",
  },
  "ipc-not-permitted": {
    exit: Exit.refused,
    sentence: "This user may not open the socket, or may not enter its folder.",
    advice:
      "Connecting needs the right to write to the socket, and to enter its folders: see ls -l, and chmod or chgrp them.",
  },
  "ipc-path-too-long": {
    exit: Exit.failed,
    sentence: "The path is longer than the system allows for sockets (107 bytes on Linux, 103 elsewhere).",
    advice: "Choose a shorter path.",
  },
  "closes-at-once": {
    exit: Exit.failed,
    sentence: "Something accepts the connection and closes it at once.",
    advice: (facts) =>
      `A proxy or a published port of a container does so while nothing listens behind it, and so does a server that does not want this address (tcpAcceptFilters).${by(facts)}`,
  },
  silent: {
    exit: Exit.timedOut,
    sentence: "Something accepts the connection and says nothing.",
    advice: (facts) =>
      `The process may be stopped or overloaded, or it speaks another protocol, or it is a STREAM socket, which does not speak ZMTP.${by(facts)}`,
  },
  http: {
    exit: Exit.failed,
    sentence: (facts) =>
      `This is not ZeroMQ but an ${facts.protocol} server${facts.banner === undefined ? "" : ` (${facts.banner})`}.`,
    advice: elsewhere,
  },
  tls: {
    exit: Exit.failed,
    sentence: (facts) => withBanner("This is not ZeroMQ but a TLS server", facts).concat("."),
    advice: (facts) => `ZeroMQ does not speak TLS; it has CURVE. ${text(elsewhere, facts, "")}`,
  },
  ssh: {
    exit: Exit.failed,
    sentence: (facts) => withBanner("This is not ZeroMQ but an SSH server", facts).concat("."),
    advice: elsewhere,
  },
  redis: {
    exit: Exit.failed,
    sentence: (facts) => withBanner("This is not ZeroMQ but a Redis server", facts).concat("."),
    advice: elsewhere,
  },
  "other-protocol": {
    exit: Exit.failed,
    sentence: ({ protocol, banner }) =>
      protocol === undefined
        ? `This is not ZeroMQ: it begins with ${JSON.stringify(banner ?? "")}.`
        : `This is not ZeroMQ but ${protocol}${banner === undefined ? "" : ` (${banner})`}.`,
    advice: elsewhere,
  },
  websocket: {
    exit: Exit.failed,
    sentence: "This is a ZeroMQ socket inside WebSocket, not over plain TCP.",
    advice: (_, endpoint) => `Write ws instead of tcp: ${endpoint.replace(/^tcp:/, "ws:")}.`,
  },
  "zmtp-without-websocket": {
    exit: Exit.failed,
    sentence: "This is a ZeroMQ socket over plain TCP, not inside WebSocket.",
    advice: (_, endpoint) =>
      `Write tcp instead of ws: ${endpoint.replace(/^wss?:/, "tcp:").replace(/(:\d+)\/.*$/, "$1")}.`,
  },
  "http-without-zeromq": {
    exit: Exit.failed,
    sentence: (facts) => withBanner("This is an HTTP server without ZeroMQ at this path", facts).concat("."),
    advice: "Check host, port and path: they are those to which the peer is bound, such as ws://host:8080/path.",
  },
  "tls-fails": {
    exit: Exit.failed,
    sentence: ({ code }) => `No TLS connection can be made (${code}).`,
    advice: "Check the port; if the peer is bound to ws://, use that.",
  },
  "old-without-encryption": {
    exit: Exit.refused,
    sentence: ({ version }) =>
      `The peer speaks ZMTP ${version} (libzmq ${version === "2.0" ? "3" : "2"} or as old), which cannot encrypt, but you have given keys.`,
    advice: "Update the peer to libzmq 4 or later; or, if you must, leave the keys away.",
  },
  old: {
    exit: Exit.done,
    sentence: (facts) =>
      `${facts.socketTypes === undefined ? "A peer" : peerType(facts).replace(/^a/, "A")} answers in ZMTP ${facts.version}, which libzmq ${facts.version === "2.0" ? "3" : "2"} had: it works, but only without encryption.`,
    advice: "Update the peer to libzmq 4 or later if you can.",
  },
  "needs-security": {
    exit: Exit.refused,
    sentence: ({ mechanism, ourMechanism }) =>
      mechanism === "CURVE" && ourMechanism === "NULL"
        ? "The peer encrypts with CURVE, and you speak plain text."
        : mechanism === undefined
          ? `The peer has another security mechanism than you, who have ${ourMechanism}.`
          : `The peer wants ${mechanism}, and you have ${ourMechanism === "NULL" ? "nothing" : ourMechanism}.`,
    advice: security,
  },
  "not-encrypted": {
    exit: Exit.refused,
    sentence: ({ ourMechanism }) =>
      `The peer speaks plain text, and you have given ${ourMechanism === "PLAIN" ? "a password" : "keys for CURVE"}.`,
    advice: "Make the peer a CURVE server (security, or --server); or, if you must, leave the options away.",
  },
  "wrong-server-key": {
    exit: Exit.refused,
    sentence: "The server cannot read our first message: its public key is not the one in --server-cert.",
    advice: "Get the server's certificate again, and check that this is the server that you mean.",
  },
  refused: {
    exit: Exit.refused,
    sentence: ({ status = "", mechanism }) => {
      const subject =
        mechanism === "PLAIN" ? "our user and password" : mechanism === "CURVE" ? "our key" : "our address"
      const known = refusals[status]
      return `The server's ZAP handler refuses ${subject}: status ${status}${known === undefined ? "" : ` (${known.message.toLowerCase()})`}.`
    },
    advice: ({ status = "" }) => refusals[status]?.advice ?? "See the log of the server.",
  },
  "not-a-server": {
    exit: Exit.refused,
    sentence:
      "Both sides are clients: the peer that is bound there is not a CURVE or PLAIN server, although it encrypts.",
    advice: "Make one side the server: --server --cert FILE_secret --clients DIR.",
  },
  unfit: {
    exit: Exit.failed,
    sentence: (facts) =>
      `The socket types do not fit: the peer is ${peerType(facts)}, to which ${an(facts.ourType ?? "socket")} cannot connect.`,
    advice: fits,
  },
  "unfit-or-refused": {
    exit: Exit.failed,
    sentence: ({ ourType, mechanism, socketTypes = [] }) =>
      mechanism === "PLAIN"
        ? "The server closes the connection after it had the password: it has no ZAP handler, or that refuses for now (status 300)."
        : `The server closes the connection after it had our key: ${ourType === undefined ? `it is ${an(either(socketTypes))}` : `${an(ourType)} does not fit`}, or its ZAP handler refuses us for now (status 300).`,
    advice: ({ ourType, mechanism }) =>
      ourType === undefined && mechanism !== "PLAIN"
        ? "Say your socket type, so that it can be tried: --type pull, --type dealer or --type pair."
        : "Check the socket types of both sides, and see the log of the server.",
  },
  "closes-in-handshake": {
    exit: Exit.failed,
    sentence: "The peer greets, and closes the connection in the handshake.",
    advice:
      "See the log of the peer: its ZAP handler may refuse this address for now, or it does not accept this socket type.",
  },
  "silent-in-handshake": {
    exit: Exit.timedOut,
    sentence: "The peer greets, but does not finish the handshake.",
    advice: "Its ZAP handler may hang, or its process is overloaded or stopped: see the log of the peer.",
  },
  "breaks-the-rules": {
    exit: Exit.failed,
    sentence: "The peer greets as ZMTP does, and then breaks its rules.",
    advice: "The other side is not libzmq, or something in between changes the bytes.",
  },
  "port-in-use": {
    exit: Exit.failed,
    sentence: ({ process, socketTypes, protocol, banner }) => {
      const who = process === undefined ? "Another socket" : `Process ${process}`
      const what = socketTypes === undefined ? (protocol ?? banner) : an(either(socketTypes))
      return `${who} is bound to this address${what === undefined ? "" : `: ${what}`}.`
    },
    advice: "Choose another port, such as * for a free one, or end that process.",
  },
  "cannot-bind": {
    exit: Exit.failed,
    sentence: ({ code }) =>
      code === "EACCES"
        ? "This user may not bind to the address."
        : code === "EADDRNOTAVAIL"
          ? "This machine does not have that address."
          : `No socket can be bound there (${code}).`,
    advice: "Bind to * or an address of this machine, and to a port above 1023.",
  },
  "nobody-connects": {
    exit: Exit.timedOut,
    sentence: "The address is free, but nobody connects to it.",
    advice: "Start the peer, and check that it connects to this machine and port. Or wait longer: --timeout 1m.",
  },
  connects: {
    exit: Exit.done,
    sentence: (facts) =>
      `The address is free, and ${facts.socketTypes === undefined ? "a ZeroMQ socket" : peerType(facts)} connects to it, ${protection(facts)} (ZMTP ${facts.version}).`,
    advice: ({ fitting = [], ourType }) =>
      ourType === undefined && fitting.length > 0 ? `Bind ${either(fitting)}.` : "Nothing is in the way.",
  },
  "other-connects": {
    exit: Exit.failed,
    sentence: "The address is free, and somebody connects to it who does not speak ZMTP.",
    advice: "Look for the program that connects here and means another server.",
  },
  "cannot-know": {
    exit: Exit.failed,
    sentence: "Over udp nobody can know: it has no connections, so a receiver does not answer.",
    advice:
      "Send a message and see whether it arrives; check that firewalls let udp through, and the group and interface if the address is one of multicast.",
  },
} as const satisfies Record<string, Diagnosis>

export type Cause = keyof typeof causes

const text = (given: Text, facts: Facts, endpoint: string): string =>
  typeof given === "string" ? given : given(facts, endpoint)

/** What is said of a cause. */
export function explain(
  cause: Cause,
  facts: Facts,
  endpoint: string,
): { exit: number; sentence: string; advice: string } {
  const { exit, sentence, advice }: Diagnosis = causes[cause]
  return { exit, sentence: text(sentence, facts, endpoint), advice: text(advice, facts, endpoint) }
}
