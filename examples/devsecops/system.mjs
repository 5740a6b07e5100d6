// The processes of the pipeline: what each is, and in which order they start. All but the analytics are commands of ohmq.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { Certificate } from "ohmq/security"
import { Client } from "ohmq-toolkit/services"
import { TaskClient } from "ohmq-toolkit/tasks"

const { resolve } = createRequire(import.meta.url)

/** The `ohmq` command. */
export const ohmq = path.join(path.dirname(resolve("ohmq/package.json")), "dist/cli/main.js")

/** A port that the system chooses. */
const anyPort = "tcp://127.0.0.1:*"
const anyHttp = "127.0.0.1:0"

/** How often a process may be lost. What it has acknowledged is on disk, so the next one goes on from there. */
const RESTARTS = 3

const only = (name) => ({ spare: { left: RESTARTS }, gone: `The ${name} was lost again and again` })

/** Writes the configuration of a relay with addresses of this run in the place of those that it has. Returns its file. */
function configure(data, name, addresses) {
  const template = readFileSync(path.join(import.meta.dirname, `${name}.yaml`), "utf8")
  const file = path.join(data, name, "relay.yaml")
  mkdirSync(path.dirname(file), { recursive: true })
  const replace = (text, [from, to]) => text.replace(`"${from}"`, `"${to}"`)
  writeFileSync(file, Object.entries(addresses).reduce(replace, template))
  return file
}

const relay = (data, name, next) => ({
  program: ohmq,
  args: ({ address = anyPort, http = anyHttp }) => {
    const addresses = { [anyPort]: address, [anyHttp]: http.replace("http://", ""), ...next }
    return ["relay", "run", configure(data, name, addresses)]
  },
  ready: "The relay takes events",
  ...only(name),
})

const analytics = (data) => ({
  program: path.join(import.meta.dirname, "analytics.mjs"),
  args: ({ address = anyPort, service = anyPort }) => [data, address, service],
  ready: "Analytics takes events",
  ...only("analytics"),
})

const queue = (edge) => ({
  program: ohmq,
  args: ({ endpoint = anyPort, http = anyHttp }) => [
    ...["tasks", "serve", "--bind", endpoint, "--store", "tasks", "--http", http.replace("http://", "")],
    ...["--cert", "keys/queue.key_secret", "--clients", "keys/queue-clients"],
    ...["--relay", edge, "--relay-cert", "keys/edge.key"],
    // The report of a file can be large, and a worker that is killed should not hold up its task for long.
    ...["--max-value", "32MiB", "--lease", "5s"],
  ],
  ready: "The queue takes tasks",
  ...only("queue"),
})

/** Any scanner that prints a SARIF log can stand behind "--". */
const worker = (queue, name, spare) => ({
  program: ohmq,
  args: () => [
    ...["tasks", "work", "--queue", queue, "--worker", name, "--cert", "keys/worker.key_secret"],
    ...["--server-cert", "keys/queue.key", "--stdin", "--max-output", "32MiB", "--drain", "0s", "--"],
    ...[process.execPath, path.join(import.meta.dirname, "scan.mjs")],
  ],
  ready: " works for ",
  spare,
  gone: "All workers were lost, and those that replaced them",
})

/** Starts everything. Resolves to what start.mjs needs of it. */
export async function startSystem(processes, data, workers) {
  const key = (name) => path.join(data, "keys", name)
  // Each needs to know where the one before it listens.
  const counts = await processes.start("analytics", analytics(data))
  const hub = await processes.start("hub", relay(data, "hub", { "tcp://analytics.example.com:5571": counts.address }))
  const edge = await processes.start("edge", relay(data, "edge", { "tcp://hub.example.com:5570": hub.address }))
  const tasks = await processes.start("queue", queue(edge.address))
  const spare = { left: workers }
  const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)
  await Promise.all(names.map((name) => processes.start(name, worker(tasks.endpoint, name, spare))))

  const client = await Certificate.load(key("orchestrator.key_secret"))
  const security = async (server) => ({ client, serverKey: (await Certificate.load(key(server))).publicKey })
  const queueClient = new TaskClient({ connect: tasks.endpoint, security: await security("queue.key") })
  const analyticsClient = new Client({
    connect: [counts.service],
    security: await security("analytics.key"),
    // A report can have many findings.
    maxBodyBytes: 256 << 20,
  })
  return {
    pages: { hub: hub.http, edge: edge.http, tasks: tasks.http },
    queue: queueClient,
    /** Asks the analytics. If it is started again meanwhile, the next one answers. */
    ask: (question, scan) => analyticsClient.request(question, scan, { timeout: 60_000, retries: 3 }),
    workers: () => processes.running({ spare }),
    close() {
      queueClient.close()
      analyticsClient.close()
    },
  }
}
