// The checks that ohmq passes and zeromq 6.8.0 fails: what zeromq does, and why ohmq differs. A reason is the number of a fault in
// MIGRATING.md, or a phrase from it. With `sometimes`, zeromq sometimes passes.

export const differences = {}

const differ = (group, zeromq, reason, names, more = {}) => {
  for (const name of names) differences[`${group}: ${name}`] = { zeromq, reason, sometimes: false, ...more }
}
const sometimes = { sometimes: true }
const overAll = (make) => ["tcp", "ipc", "inproc"].map(make)

// --- 1 to 18
differ("faults", "never resolves", 1, [
  "a pending receive resolves although readable is read once the message is there",
  "a pending receive resolves although writable is read once the message is there",
  "a pending send resolves although receive is called once the peer is there",
])
differ("faults", "freezes all sockets of the context", 2, [
  "other sockets keep working when a monitor is never read",
  "other sockets keep working when a monitor was closed",
])
differ("events", "freezes all sockets of the context", 2, ["the socket keeps working after its events are closed"])
differ("faults", "ENOTSOCK", 3, [
  "closing events ends a loop that reads them",
  "closing events rejects a receive with EAGAIN",
])
differ("faults", "an unhandled rejection ends the process", 3, [
  "closing events that have a listener leaves no rejection",
])
for (const what of ["a receive", "a send", "an iterator", "events"]) {
  const names = [
    `terminate() of a worker with ${what} pending does not harm the process`,
    `process.exit() in a worker with ${what} pending does not harm the process`,
  ]
  // On a busy machine, the worker has ended before its loop waits.
  differ("workers", "aborts the process", 4, names, what === "an iterator" ? sometimes : {})
}
differ("workers", "other bytes arrive", 5, [
  "messages of 1000 bytes that are queued when their worker ends arrive intact",
  "messages of 100000 bytes that are queued when their worker ends arrive intact",
])
differ("workers", "they leak", 6, ["a context that nobody holds frees its threads and descriptors"])
differ("endpoints", "binds", 8, [
  "unbindSync gives undefined",
  ...["inproc", "ipc", "tcp"].flatMap((transport) => [
    `unbindSync of an unknown ${transport} address gives ENOENT`,
    `unbindSync twice over ${transport} gives ENOENT`,
  ]),
  "unbindSync over inproc frees the address",
  "unbindSync over tcp frees the address",
])
differ("faults", "crashes, or forwards nothing", 9, ["a proxy that nobody refers to runs on after a collection"])
differ("exit", "crashes at garbage collection", 9, ["the process stays alive while a proxy runs"])
differ("faults", "ENOTSOCK", 10, [
  "close never makes a receive reject with ENOTSOCK, however many came before in the turn",
  "close never makes a send reject with ENOTSOCK, however many came before in the turn",
])
differ(
  "messages",
  'sends "[object SharedArrayBuffer]"',
  11,
  overAll((transport) => `a SharedArrayBuffer arrives over ${transport}`),
)
differ("faults", "ends at the first zero", 12, ["routing ids with zero bytes read whole"])
differ("faults", "EBUSY", 13, ["2000 sends on a publisher that nobody awaits all resolve"])
differ("faults", "26 ms and more", 14, ["eight busy sockets leave the event loop free every few milliseconds"])
differ("options", "EINVAL", 15, [
  ...["curvePublicKey", "curveSecretKey", "curveServerKey", "tcpAcceptFilter"].flatMap((name) => [
    `${name} is null at first, on every class`,
    `${name} reads as it was set, on every class`,
  ]),
  "mandatory is false at first, on Router",
  "mandatory reads as it was set, on Router",
  "tcpAcceptFilter takes a Buffer, and reads as text",
])
differ("exports", "exists, and rejects", 16, [
  "a Publisher can receive: false",
  "a Push can receive: false",
  "a Pull can send: false",
  "a Subscriber can send: false",
])
differ("binaries", "one needs 2.38", 18, ["its addons need no glibc later than this host's"], sometimes)

// --- 19 and later
for (const name of [
  "a Reply that receives twice rejects with EFSM",
  "a Reply that sends first rejects with EFSM",
  "a Request that receives first rejects with EFSM",
  "a Request that sends twice rejects with EFSM",
  "a mandatory Router rejects a message to nobody",
  "an iterator of a Request that has sent nothing throws EFSM",
]) {
  differ("patterns", "waits forever", 19, [`${name} at once, without timeouts`])
}
differ(
  "messages",
  "EINVAL",
  20,
  overAll((transport) => `a DataView arrives over ${transport}`),
)
differ("messages", "is shared", 21, [
  "over inproc a buffer of 1024 bytes is copied",
  "over inproc a buffer of 65536 bytes is copied",
])
differ("exit", "rejects with EAGAIN at garbage collection", 22, [
  "the process stays alive while a receive waits on a socket that nobody holds",
  "the process stays alive while a send waits on a socket that nobody holds",
])
differ(
  "exit",
  "ends at garbage collection",
  22,
  ["the process stays alive while events are received", "the process stays alive while events have a listener"],
  sometimes,
)
differ("proxy", "messages come through", 23, ["nothing comes through while it is paused, and all after resume"])
differ("options", "EINVAL", 24, [
  "tcpAcceptFilter takes null",
  "interface reads an empty string as null",
  "socksProxy reads an empty string as null",
])
differ(
  "patterns",
  "EAGAIN",
  25,
  ["tcp", "ipc"].map((transport) => `relaxed: a Request may send again without a reply over ${transport}`),
  sometimes,
)
differ("events", "is sometimes missing", 26, ["listeners get the end event"], sometimes)
for (const what of ["a socket", "events"]) {
  differ("faults", "EBUSY", 27, [
    `a receive gets the next message after a Readable over ${what} is destroyed while idle`,
    `a receive gets the next message after a pipeline over ${what} is aborted while idle`,
    `a receive gets the next message after a ReadableStream over ${what} is cancelled while idle`,
  ])
  differ("faults", "has no `return`", 27, [
    `a receive gets the next message after an iterator of ${what} returns while idle`,
  ])
}
differ("faults", "takes the next message too", 27, [
  "a Readable over a socket takes no more messages after its data listener destroys it",
])

// --- Refused here
for (const method of ["bind", "bindSync"]) {
  differ("endpoints", "binds to another port", "a port above 65535, or below 0", [
    `${method} to tcp://127.0.0.1:-1 gives EINVAL`,
    `${method} to tcp://127.0.0.1:70000 gives EINVAL`,
  ])
}
differ("endpoints", "deletes it", "to an ipc path where there is a file that is not a socket", [
  "bind to an ipc path with a file leaves the file",
])
differ("endpoints", "takes its place", "to an ipc path that another socket listens on", [
  "bind to an ipc path that another socket listens on fails",
])
differ("endpoints", "leaves it", "The file of an ipc endpoint is removed when its socket is closed", [
  "the file of an ipc endpoint is gone after its socket is closed",
])
differ("options", "is converted", "NaN and numbers out of an option's range", [
  "affinity refuses -1, which its type in C cannot hold",
  "linger refuses 2147483648, which its type in C cannot hold",
  "linger refuses NaN, which its type in C cannot hold",
  "maxMessageSize refuses Infinity, which its type in C cannot hold",
  "typeOfService refuses -1, which its type in C cannot hold",
])
differ("options", "is ignored", "an unknown name for `verbosity`", ["verbosity refuses an unknown name"])
for (const name of ["Router", "Stream"]) {
  differ("endpoints", "is ignored", "options of `connect` that are not an object, and extra arguments", [
    `${name}.connect refuses a number for options`,
    `${name}.connect refuses more than two arguments`,
  ])
}
differ("exports", "is undefined, or an Observer", "on an object that is not a socket; `new Observer({})`", [
  "accessors of a socket refuse another receiver",
  "new Observer of an object is refused",
])

// --- Reported differently
differ("options", "ENOTSOCK", "A property of a closed socket throws EBADF", [
  "an option of a closed socket gives the same error as its other methods",
])
differ("closing", "ENOTSOCK", "`events` can still be read if it was read before the close", [
  "events that were read before the close are there after it",
])
differ("closing", "stays false until the end is read", "`events.closed` is true soon after the socket is closed", [
  "a socket's events are closed with it",
])
const remembered = "An option that libzmq cannot read back reads as the value that was set last"
for (const [name, where, initial] of [
  ["conflate", "Publisher, Subscriber, Dealer, Pull, Push", false],
  ["correlate", "Request", false],
  ["handover", "Router", false],
  ["manual", "XPublisher", false],
  ["noDrop", "Publisher, XPublisher", false],
  ["notify", "Stream", true],
  ["probeRouter", "Request, Dealer, Router", false],
  ["relaxed", "Request", false],
  ["welcomeMessage", "XPublisher", null],
]) {
  differ("options", "is undefined", remembered, [
    `${name} is ${initial} at first, on ${where}`,
    `${name} reads as it was set, on ${where}`,
  ])
}
differ(
  "options",
  "is undefined",
  remembered,
  ["allSubs", "allSubsUnsubs", null].map((value) => `verbosity reads as it was set: ${value}`),
)
differ("context", "is undefined", remembered, [
  "threadPriority reads as it was set",
  "threadSchedulingPolicy reads as it was set",
])
differ(
  "exports",
  '"Expected 1 argument but received 2"',
  "may ignore extra arguments",
  ["Observer.close", "getInt32Option"].map((what) => `${what} ignores extra arguments`),
)
differ("faults-v5", "no events", 17, ["monitor() after unmonitor() gives events again"])
differ(
  "faults-draft",
  "burns a core",
  7,
  ["Server", "Client", "Dish", "Gather"].map((name) => `a ${name} with a pending receive costs no processor time`),
  // On a busy core, less CPU time is left to burn.
  sometimes,
)
