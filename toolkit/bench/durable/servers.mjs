// Starts the servers of the contenders, each in an empty folder, on free loopback ports. A start returns the values for the clients.

import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import { rabbitmqFolders, startRabbitmq } from "../../../bench/lib/rabbitmq.mjs"
import { find, freePort, startListener } from "../../../bench/lib/server.mjs"

export { find, rabbitmqFolders }

const said = (program, ...args) => {
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" })
  return `${stdout}${stderr}`
}
const version = (text) => /\d+\.\d+[.\d]*/.exec(text)?.[0] ?? "unknown"

export const versions = {
  nats: () => version(said(find("nats-server"), "--version")),
  redis: () => version(said(find("redis-server"), "--version")),
  // The command of the server starts one.
  rabbitmq: () => version(said(find("rabbitmqctl"), "version")),
  rsyslog: () => version(said(find("rsyslogd"), "-v")),
}

/** Whether the installed server knows `sync_interval`: 2.10 and later do. */
export function natsHasSync(folder) {
  const file = join(folder, "nats-sync.conf")
  writeFileSync(file, `jetstream { store_dir: "${folder}", sync_interval: always }\n`)
  return spawnSync(find("nats-server"), ["-c", file, "-t"]).status === 0
}

export async function nats({ folder, started, replicas = 1, sync }) {
  const names = Array.from({ length: replicas }, (_, index) => `n${index}`)
  const ports = await Promise.all(names.map(async () => ({ client: await freePort(), route: await freePort() })))
  await Promise.all(
    names.map(async (name, index) => {
      const { client, route } = ports[index]
      const cluster = `cluster { name: bench, listen: "127.0.0.1:${route}", routes: [${ports.map((port) => `"nats://127.0.0.1:${port.route}"`)}] }`
      const file = join(folder, `${name}.conf`)
      writeFileSync(
        file,
        [
          `server_name: ${name}`,
          `listen: "127.0.0.1:${client}"`,
          `jetstream { store_dir: "${join(folder, name)}"${sync ? `, sync_interval: ${sync}` : ""} }`,
          replicas > 1 ? cluster : "",
        ].join("\n"),
      )
      started.push(await startListener(find("nats-server"), ["-c", file], { port: client }))
    }),
  )
  // A cluster needs a moment to elect its leader. The client asks again until it has one.
  return { servers: ports.map((port) => `127.0.0.1:${port.client}`), replicas }
}

export async function redis({ folder, started, appendfsync }) {
  const port = await freePort()
  const args = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", "", "--appendonly", "yes"]
  started.push(await startListener(find("redis-server"), [...args, "--appendfsync", appendfsync], { port }))
  return { url: `redis://127.0.0.1:${port}` }
}

export async function rabbitmq({ folder, started, type }) {
  const port = await freePort()
  await startRabbitmq({ file: find("rabbitmq-server", rabbitmqFolders), port, folder, started })
  return { url: `amqp://guest:guest@127.0.0.1:${port}`, type }
}

export async function rsyslog({ folder, started, sync }) {
  const inPort = await freePort()
  const outPort = await freePort()
  const queue = join(folder, "queue")
  mkdirSync(queue)
  const file = join(folder, "rsyslog.conf")
  writeFileSync(
    file,
    `
global(workDirectory="${queue}" maxMessageSize="64k" net.enableDNS="off")
main_queue(queue.type="Disk" queue.filename="main" queue.checkpointInterval="1" queue.syncQueueFiles="${sync}"
  queue.size="1000000" queue.dequeueBatchSize="1024" queue.timeoutEnqueue="60000")
module(load="imrelp")
module(load="omrelp")
input(type="imrelp" address="127.0.0.1" port="${inPort}" maxDataSize="64k")
template(name="whole" type="string" string="%rawmsg%")
action(type="omrelp" target="127.0.0.1" port="${outPort}" template="whole" action.resumeInterval="1" action.resumeRetryCount="-1")
`,
  )
  const args = ["-n", "-f", file, "-i", join(folder, "rsyslogd.pid")]
  started.push(await startListener(find("rsyslogd"), args, { port: inPort }))
  return { inPort, outPort }
}

export async function relay({ folder, started }) {
  const inPort = await freePort()
  const outPort = await freePort()
  const secret = "a secret of the benchmark"
  writeFileSync(join(folder, "secret"), secret, { mode: 0o600 })
  const file = join(folder, "relay.yaml")
  writeFileSync(
    file,
    `version: 1
store: { path: ./data, maxBytes: 100GiB }
http: { listen: "127.0.0.1:${inPort}" }
sources: { hooks: { type: webhook, preset: hmac, path: /hook, secret: "file:./secret" } }
routes: [{ name: all, from: [hooks], to: [out] }]
sinks: { out: { type: zmq, socket: push, connect: "tcp://127.0.0.1:${outPort}" } }
`,
  )
  const command = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url))
  started.push(await startListener(process.execPath, [command, "relay", "run", file], { port: inPort }))
  return { url: `http://127.0.0.1:${inPort}`, secret, outPort }
}

/** Calls `attempt` until it does not throw, for at most 20 s. */
export async function eventually(attempt) {
  const limit = performance.now() + 20_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > limit) throw error
      await sleep(200)
    }
  }
}
