// Every code of an error or warning of ohmq, for docs/errors.md: what it means, when it comes and what to do. test/scripts/pages.test.ts
// checks that lib/ and native/ produce no other codes.

import { createRequire } from "node:module"

import { inProject } from "../lib/project.mjs"

// Those that the command line explains, too.
const failures = createRequire(import.meta.url)(inProject("dist/cli/connection/failures.js"))

/** Errors of libzmq and of ohmq's sockets and contexts: the code, its usual message, when it comes, what to do. */
export const operations = [
  [
    "EAGAIN",
    "Operation was not possible or timed out",
    "A send, receive, bind, unbind, `connected()` or wait for an event took longer than its timeout, or the socket was closed while it waited",
    'If `reason` is "closed", nothing. Otherwise check that a peer is connected (`connected()`), or raise `timeout`, `sendTimeout` or `receiveTimeout`, and try again',
  ],
  [
    "EBADF",
    "Socket is closed",
    "Any use of a closed socket or observer, or of a Proxy that is not running",
    "Stop using it, or open a new one. Check `closed` if another part of the program may close it",
  ],
  [
    "EBUSY",
    "Socket is busy writing; only one send operation may be in progress at any time",
    "`send` or `receive` while an earlier one still waits (the message says which)",
    "Await the earlier one, or set `sendQueue` or `receiveQueue` to let several wait",
  ],
  [
    "",
    "The send queue is full (2 sends are waiting)",
    'A queue with `whenFull: "reject"` is full',
    "Slow down, or raise `limit`",
  ],
  [
    "",
    "Socket is blocked by a bind or unbind operation",
    "Any use of a socket during `bind` or `unbind`",
    "Await the `bind` or `unbind` first",
  ],
  [
    "",
    "Socket belongs to a running proxy",
    "Any use of a socket while a Proxy runs on it",
    "Use other sockets, or end the Proxy first",
  ],
  ["", "Proxy is already running", "A second `run()`", "Call `run()` once"],
  [
    "ECANCELED",
    "The send queue was full, and this send made room for a newer one",
    'A queue with `whenFull: "drop-oldest"` dropped the oldest operation; or an iterator returned while its subclass\'s `receive` waited',
    "Expected with that setting. Raise `limit` to drop less",
  ],
  [
    "EFSM",
    "Operation cannot be accomplished in current state",
    "A Request sends twice, or receives before it sends; a Reply sends before it receives",
    "Alternate send and receive, or use a Dealer or Router. `relaxed` lets a Request send again",
  ],
  [
    "EHOSTUNREACH",
    "Host unreachable",
    "A Router with `mandatory`, a Server or a Peer sends to a routing id that no connected peer has",
    "Drop the message, or wait until the peer connects again (`peerEvents`)",
  ],
  [
    "EMSGSIZE",
    "Message is too large for udp: libzmq allows 8192 bytes, and 127 bytes for a group",
    "A Radio or Datagram sends over udp",
    "Send smaller messages, or use tcp",
  ],
]

/** Errors of endpoints. */
export const endpoints = [
  [
    "EADDRINUSE",
    "Address already in use",
    "`bind` to an address that another socket has; a second `Authenticator` for a context",
    "Choose another port (`*` picks a free one), or close the other socket with `wait: true`: libzmq frees the address a little after `close()`",
  ],
  [
    "EADDRNOTAVAIL",
    "Cannot assign requested address",
    "`bind` to an IP address that this machine does not have",
    "Bind to an address of this machine, or to `*`",
  ],
  [
    "EINVAL",
    "Invalid argument",
    "An address that libzmq cannot parse, or a port above 65535",
    "`reason` says what is wrong. Write it as `tcp://127.0.0.1:5555`, `ipc:///tmp/name` or `inproc://name`",
  ],
  [
    "EPROTONOSUPPORT",
    "Protocol not supported",
    "An address with an unknown transport, or one that this libzmq was built without",
    "`reason` says what is wrong. Check the part before `://`; `capability` lists optional transports",
  ],
  [
    "ENOCOMPATPROTO",
    "The protocol is not compatible with the socket type",
    "udp with other sockets than Radio, Dish and Datagram; ws with a Stream",
    "Use a transport that the socket type supports",
  ],
  [
    "ENODEV",
    "No such device",
    "`bind` to a host name or network interface that does not exist; `bindSync` to a host name other than localhost",
    "Bind to an IP address, or use `bind`, which resolves host names",
  ],
  [
    "ENOENT",
    "No such endpoint",
    "`unbind` or `disconnect` with an address that the socket is not bound or connected to",
    "Use `lastEndpoint`, which has the actual port, or the address that was given to `connect`",
  ],
  [
    "EEXIST",
    'The routing id "x" already names another peer',
    "`connect` with a `routingId` that another peer of the socket has",
    "Choose another one, or disconnect that peer first",
  ],
  [
    "",
    "/tmp/x exists and is not a socket, so it was not replaced",
    "`bind` to an ipc path of another file",
    "Remove the file, or choose another path",
  ],
  [
    "EACCES",
    "Permission denied",
    "`bind` to a port below 1024 or an ipc path without the permission",
    "Choose another port or path, or grant the permission",
  ],
  [
    "EMFILE",
    "Too many open file descriptors",
    "A new socket beyond `maxSockets` of its context, or beyond the process's limit of file descriptors; `events` and `close({ wait: true })` need two more sockets",
    "Close sockets, raise `context.maxSockets` before the first socket, or raise the limit (`ulimit -n`)",
  ],
  [
    "EMTHREAD",
    "No thread available",
    "`bind` or `connect` over a network in a context with `ioThreads: 0`",
    "Set `ioThreads` to 1 or more",
  ],
]

/** Errors of options, security settings and contexts. */
export const settings = [
  [
    "EINVAL",
    "Invalid argument",
    "An option value that libzmq rejects; security settings that are incomplete or contradict each other; a message with the wrong number of parts; a call that comes too late, such as `security` after `bind`; an object of another copy of ohmq",
    "The message says what is wrong; `option` names the option if the constructor set it",
  ],
  [
    "ENOTSUP",
    "ZMQ_TOPICS_COUNT needs libzmq 4.3.5 or later, but this is libzmq 4.3.4",
    "An option or `peerEvents` that the linked libzmq lacks",
    "Do without it, or link a newer libzmq; see `version` and `capability`",
  ],
  [
    "EPERM",
    "The context requires encryption (requireEncryption)",
    "`bind` or `connect` without CURVE beyond this machine, in a context with `requireEncryption`",
    "Set `security`, or bind to loopback or ipc",
  ],
  [
    "",
    "The default context belongs to all threads of the process and cannot be terminated",
    "`context.terminate()` of the default context",
    "Create your own context: `new Context()`",
  ],
  ["ETERM", "Context was terminated", "A new socket of a terminated context", "Create a new context"],
]

/** Other errors of the operating system, mostly in monitor events. */
export const system = Object.entries(failures.systemFailures)

/** The codes of `handshake:error:protocol`. */
export const handshakes = Object.entries(failures.handshakeFailures).map(([code, { meaning }]) => [code, meaning])

/** The `status` of `handshake:error:auth`. */
export const statuses = Object.entries(failures.refusals).map(([status, { message, meaning, remedy }]) => [
  status,
  message,
  meaning,
  remedy,
])

/** Errors of ohmq/security. */
export const security = [
  [
    "ERR_CERTIFICATE",
    "A key, or a certificate file, is invalid (TypeError)",
    "The message says what is wrong; it never shows the key",
  ],
  [
    "ERR_CERTIFICATE_FORMAT",
    "`Certificate.parse`: the text is not a certificate. `Certificate.load` reports it as ERR_CERTIFICATE",
    "The message has the line",
  ],
  [
    "EACCES",
    "Other users can read a secret key or password file, or change a file or folder that says who may connect",
    "Run the `chmod` command in the message",
  ],
  ["EEXIST", "`save` with `overwrite: false`: the file exists", "Remove it, or choose another name"],
  ["EINVAL", "The path of a certificate or password file is not a regular file", "Correct the path"],
  ["EADDRINUSE", "The context already has an Authenticator", "Use that one, or close it first"],
  [
    "ERR_SENDER",
    "`verifiedSender`: the sender was not authenticated, is not who the message claims, or is not in `oneOf` (SenderError)",
    "Discard the message; `userId` is the actual sender",
  ],
]

/** Codes of signed messages: EnvelopeError, and ERR_ENVELOPE_KEY for keys. */
export const envelopes = [
  [
    "ERR_ENVELOPE_MALFORMED",
    "It is not a DSSE envelope, is larger than `maxSize`, has more than 16 signatures, or a key id twice",
  ],
  ["ERR_ENVELOPE_TYPE", "Its payload type is not in `payloadTypes`"],
  ["ERR_ENVELOPE_UNKNOWN_KEY", "None of its keys is known"],
  ["ERR_ENVELOPE_SIGNATURE", "The signature is invalid"],
  ["ERR_ENVELOPE_KEY_REVOKED", "The signature is valid, but the key was revoked"],
  ["ERR_ENVELOPE_KEY_EXPIRED", "The signature is valid, but the key was not when the message was signed"],
  ["ERR_ENVELOPE_THRESHOLD", "Fewer keys have signed than `threshold`"],
  ["ERR_ENVELOPE_EXPIRED", "The message is older than `maxAge`, or its time is in the future"],
  ["ERR_ENVELOPE_REPLAYED", "The message was already received"],
  ["ERR_ENVELOPE_UNAVAILABLE", "`resolveKey` or the nonce store failed; `cause` says why. Try again"],
  ["ERR_ENVELOPE_KEY", "The constructor of Signer or Verifier got an invalid key or key file (TypeError)"],
]

/** Errors without an errno of their own. */
export const others = [
  [
    "ERR_OHMQ_ADDON",
    '`require("ohmq")` found no native addon for this platform and runtime, or a bundler left it out',
    "The message lists the files that were tried and what to do: compile the addon, or copy `prebuilds/`; see [bundlers.md](bundlers.md)",
  ],
  [
    "ERR_MALFORMED_MESSAGE",
    "A socket with a codec received what the codec cannot read (MalformedMessageError of `ohmq/codec`). The message is gone; the error has it as `parts`",
    "Receive again, or give the loop an `onMalformed`. Check that both sides use the same codec",
  ],
  [
    "ABORT_ERR",
    "An operation was aborted by its `signal` (AbortError). Operations reject with the signal's `reason`; `sendMany` with an AbortError whose `cause` is the reason",
    "Expected after `abort()`",
  ],
]

/** Warnings, by code; an empty code for those without. */
export const warnings = [
  [
    "OHMQ_PLAINTEXT",
    "A socket binds or connects beyond this machine without encryption. It comes once",
    "Set `security`; [security.md](security.md) says how. `requireEncryption` turns it into an error",
  ],
  [
    "OHMQ_CURVE_INCOMPLETE",
    "A CURVE key is missing, so that no message can pass. It comes once",
    "Set the key that it names, or use `security`",
  ],
  ["OHMQ_PROMISE_SENT", 'A promise was sent as the text "[object Promise]". It comes once', "Await the promise first"],
  [
    "OHMQ_GROUP_CUT",
    "A group contains a zero byte, and libzmq ignores the rest of its name. It comes once",
    "Use groups without zero bytes",
  ],
  [
    "",
    '"Socket option will not take effect until next connect/bind."',
    "Set the option in the constructor, or before `bind` and `connect`",
  ],
  [
    "",
    '"Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately."',
    "Use a smaller number",
  ],
  [
    "",
    '"The draft sockets of ØMQ are experimental: their API may change at any time."',
    "Expected when `ohmq/draft` is loaded",
  ],
]
