// The contenders. Each has a task on disk before it acknowledges it, and the end of a task before it counts as done.

import { spawnSync } from "node:child_process"
import { chownSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

import { freePort, startListener } from "../../../bench/lib/server.mjs"
import { client, clientVersion } from "../durable/peers/clients.mjs"
import { eventually, find, nats, redis, versions } from "../durable/servers.mjs"

const { version } = createRequire(import.meta.url)("ohmq-toolkit/package.json")

const needs = (program, module, folders) => () => {
  if (find(program, folders) === undefined) return `${program} is not installed`
  try {
    client.resolve(module)
    return undefined
  } catch {
    return `${module} is not installed. Run: npm ci --prefix bench/peers --ignore-scripts`
  }
}

async function ohmq({ folder, started }, ...options) {
  const port = await freePort()
  const command = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url))
  const args = [command, "tasks", "serve", "--bind", `tcp://127.0.0.1:${port}`, "--store", join(folder, "store")]
  started.push(await startListener(process.execPath, [...args, ...options], { port }))
  return { endpoint: `tcp://127.0.0.1:${port}` }
}

async function ohmqShared(where) {
  const { servers } = await nats({ ...where, replicas: 3 })
  const addresses = servers.map((server) => `nats://${server}`).join(",")
  // A cluster that has just started has no leader yet.
  return eventually(() => ohmq(where, "--jetstream", addresses, "--stream", "tasks"))
}

const postgresFolders = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"]

/** PostgreSQL does not run as root: then it runs as the user postgres. */
function asPostgres(program, args) {
  if (process.getuid?.() !== 0) return [program, args]
  return ["setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", program, ...args]]
}

async function postgres({ folder, started }) {
  const port = await freePort()
  const data = join(folder, "data")
  if (process.getuid?.() === 0) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, "postgres"]).stdout))
    // The folders above it, too, must be open to that user.
    spawnSync("chmod", ["o+x", folder, join(folder, "..")])
    chownSync(folder, uid, gid)
  }
  const [initdb, args] = asPostgres(find("initdb", postgresFolders), ["-D", data, "-A", "trust", "-U", "bench"])
  const made = spawnSync(initdb, args, { cwd: "/", encoding: "utf8" })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  // As it comes, with fsync and synchronous_commit, and memory as its documentation advises.
  writeFileSync(join(data, "postgresql.auto.conf"), "shared_buffers = 1GB\nmax_wal_size = 4GB\n")
  const [server, rest] = asPostgres(find("postgres", postgresFolders), [
    ...["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", ""],
  ])
  started.push(await startListener(server, rest, { port }))
  const { Client } = client("pg")
  await eventually(async () => {
    const one = new Client({ host: "127.0.0.1", port, user: "bench", database: "postgres" })
    await one.connect()
    await one.end()
  })
  return { host: "127.0.0.1", port }
}

async function redisAlways(where) {
  const { url } = await redis({ ...where, appendfsync: "always" })
  return { port: Number(new URL(url).port) }
}

const programVersion = (program) =>
  /\d+[.\d]*/.exec(spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[0] ?? "unknown"

export const contenders = [
  {
    name: `ohmq tasks ${version}`,
    peer: "ohmq",
    how: "the store has written it with O_DSYNC",
    start: ohmq,
  },
  {
    name: `ohmq tasks ${version} on JetStream (nats-server ${find("nats-server") ? versions.nats() : "missing"}, three servers)`,
    peer: "ohmq",
    how: "two of three servers have it, and the store has written it with O_DSYNC",
    missing: () => (find("nats-server") === undefined ? "nats-server is not installed" : undefined),
    start: ohmqShared,
  },
  {
    name: `BullMQ (${needs("redis-server", "bullmq")() ? "missing" : clientVersion("bullmq")}, redis-server ${find("redis-server") ? versions.redis() : "missing"})`,
    peer: "bullmq",
    how: "the append-only file is synchronized: appendfsync always",
    missing: needs("redis-server", "bullmq"),
    start: redisAlways,
  },
  {
    name: `Graphile Worker (${needs("postgres", "graphile-worker", postgresFolders)() ? "missing" : clientVersion("graphile-worker")}, PostgreSQL ${find("postgres", postgresFolders) ? programVersion(find("postgres", postgresFolders)) : "missing"})`,
    peer: "graphile",
    how: "the write-ahead log is synchronized: fsync, synchronous_commit",
    missing: needs("postgres", "graphile-worker", postgresFolders),
    start: postgres,
  },
]
