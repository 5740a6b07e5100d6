// The contenders: their commands, and which workloads they support. Encryption, multipart messages and strings are measured for ØMQ only,
// because the others have nothing comparable.

import path from "node:path"

import { ensureRuntimes, runtimes } from "../test/runtimes/runtimes.mjs"
import { rabbitmqFolders, startRabbitmq } from "./lib/rabbitmq.mjs"
import { server, startListener } from "./lib/server.mjs"

const program = (name) => [process.execPath, path.join(import.meta.dirname, name)]

const zmq = program("contenders/zmq.mjs")

const plain = ({ values }) => values.curve === undefined && values.parts === undefined && values.kind === undefined
const isPair = (workload, ...transports) =>
  ["sink", "server"].includes(workload.roles[0]) && plain(workload) && transports.includes(workload.values.transport)

const baseline = () => [path.join(import.meta.dirname, "../build/bench/baseline")]
const inBaseline = ({ roles, values }) => !["pairs", "router"].includes(roles[0]) && values.kind !== "string"

const nats = server({
  program: "nats-server",
  client: "@nats-io/transport-node",
  url: (port) => `nats://127.0.0.1:${port}`,
  async start({ file, port, started }) {
    started.push(await startListener(file, ["--addr", "127.0.0.1", "--port", port], { port }))
  },
})

const redis = server({
  program: "redis-server",
  client: "ioredis",
  url: (port) => `redis://127.0.0.1:${port}`,
  async start({ file, port, folder, started }) {
    const args = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", "", "--appendonly", "no"]
    started.push(await startListener(file, args, { port }))
  },
})

const rabbitmq = server({
  program: "rabbitmq-server",
  folders: rabbitmqFolders,
  client: "amqplib",
  url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  start: startRabbitmq,
})

const served = (peer, name, can, values = {}) => ({
  command: () => program(name),
  prepare: peer.prepare,
  cleanUp: peer.cleanUp,
  values: (workload) => (can(workload) ? { server: peer.url(), ...values } : undefined),
})

const overTcp = (workload) => isPair(workload, "tcp")
const overTcpOrPublish = (workload) => overTcp(workload) || workload.group === "publish"

/** ohmq on a runtime of test/runtimes. It is measured only if --contender names it. */
function elsewhere(name, runtimeName) {
  const runtime = runtimes.find((candidate) => candidate.name === runtimeName)
  return {
    name,
    about: `the same as ohmq, on ${runtimeName}; only with --contender`,
    asked: true,
    command: () => [...runtime.command, zmq[1]],
    env: runtime?.env,
    async prepare() {
      if (runtime === undefined) return "not for this platform"
      await ensureRuntimes()
      return undefined
    },
    values: () => ({}),
  }
}

export const contenders = [
  {
    name: "C++",
    about: "libzmq itself, the same static library",
    command: baseline,
    values: (workload) => (inBaseline(workload) ? {} : undefined),
  },
  {
    name: "C++, 32 KB batches",
    about: "the same, reading and writing as much at a time as ohmq",
    command: baseline,
    values: (workload) => (inBaseline(workload) && workload.values.transport ? { batchSize: 32768 } : undefined),
  },
  { name: "ohmq", about: "`await send`, `for await`", command: () => zmq, values: () => ({}) },
  {
    name: "ohmq, batches",
    about: "`sendMany`, `batches`",
    command: () => zmq,
    values: ({ group, roles }) => (group === "one-way" && roles[0] !== "pairs" ? { api: "batch" } : undefined),
  },
  elsewhere("ohmq, poll thread", "Node.js, poll thread"),
  elsewhere("ohmq on Node 22", "Node.js 22"),
  elsewhere("ohmq on Node 24", "Node.js 24"),
  elsewhere("ohmq on Node 26", "Node.js 26"),
  elsewhere("ohmq on Bun", "Bun"),
  elsewhere("ohmq on Deno", "Deno"),
  {
    name: "zeromq",
    about: "zeromq 6.8.0, the same program",
    command: () => zmq,
    values: () => ({ package: "zeromq" }),
  },
  {
    name: "net",
    about: "plain sockets of node:net, each frame a 4-byte length and the message",
    command: () => program("contenders/net.mjs"),
    values: (workload) => (isPair(workload, "tcp", "ipc") || workload.group === "connections" ? {} : undefined),
  },
  {
    name: "child_process",
    about: "the channel to a child process, advanced serialization",
    command: () => program("contenders/child-process.mjs"),
    alone: true,
    values: (workload) => (isPair(workload, "ipc") ? {} : undefined),
  },
  {
    name: "MessagePort",
    about: "worker_threads",
    command: () => program("contenders/message-port.mjs"),
    values: ({ roles }) => (["threads", "echo"].includes(roles[0]) ? {} : undefined),
  },
  {
    name: "NATS",
    about: "core publish and subscribe, request and reply; with a server",
    ...served(nats, "peers/nats.mjs", overTcpOrPublish),
  },
  {
    name: "Redis pub/sub",
    about: "PUBLISH and SUBSCRIBE; with a server",
    ...served(redis, "peers/redis.mjs", overTcpOrPublish, { api: "channels" }),
  },
  {
    name: "Redis streams",
    about: "XADD and XREAD; with a server",
    ...served(redis, "peers/redis.mjs", overTcp, { api: "streams" }),
  },
  {
    name: "RabbitMQ",
    about: "a transient queue without acknowledgements, exchanges, direct reply-to; with a server",
    ...served(rabbitmq, "peers/rabbitmq.mjs", overTcpOrPublish),
  },
]
