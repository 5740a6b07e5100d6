// The contenders, with what their acknowledgement means: that is what makes them comparable.

import { createRequire } from "node:module"

import { client, clientVersion } from "./peers/clients.mjs"
import { find, nats, natsHasSync, rabbitmq, rabbitmqFolders, redis, relay, rsyslog, versions } from "./servers.mjs"

const toolkit = () => createRequire(import.meta.url)("ohmq-toolkit/package.json").version

/** Groups of the table: what holds when a producer has its acknowledgement. */
export const guarantees = {
  synced: "On disk (fsync) before the acknowledgement",
  unsynced: "Not on disk before the acknowledgement: a power cut loses acknowledged events",
}

const needs = (program, module, folders) => () => {
  if (find(program, folders) === undefined) return `${program} is not installed. Run: apt-get install ${program}`
  if (module === undefined) return undefined
  try {
    client.resolve(module)
    return undefined
  } catch {
    return `${module} is not installed. Run: npm ci --prefix bench/peers --ignore-scripts`
  }
}

const jetstream = (name, rest) => ({
  name,
  peer: "nats",
  version: () => `nats-server ${versions.nats()}`,
  missing: needs("nats-server", "@nats-io/jetstream"),
  guarantee: "unsynced",
  batches: "one connection, 256 publishes under way",
  consumes: "pull consumer, one acknowledgement for 256",
  client: () => clientVersion("@nats-io/jetstream"),
  start: (options) => nats({ ...options, ...rest.settings }),
  ...rest,
})

const redisStreams = (appendfsync, rest) => ({
  name: `Redis streams, appendfsync ${appendfsync}`,
  peer: "redis",
  version: () => `redis-server ${versions.redis()}`,
  missing: needs("redis-server", "ioredis"),
  batches: "automatic pipelining: the XADDs of a turn of the event loop in one write",
  consumes: "consumer group, XACK for at most 1,024",
  client: () => clientVersion("ioredis"),
  copies: 1,
  start: (options) => redis({ ...options, appendfsync }),
  ...rest,
})

const rabbit = (type, rest) => ({
  name: `RabbitMQ, ${type} queue`,
  peer: "rabbitmq",
  version: () => `rabbitmq-server ${versions.rabbitmq()}`,
  missing: needs("rabbitmq-server", "amqplib", rabbitmqFolders),
  guarantee: "synced",
  copies: 1,
  batches: "one channel, 256 confirms under way",
  consumes: "prefetch 2,048, one acknowledgement for 256",
  client: () => clientVersion("amqplib"),
  start: (options) => rabbitmq({ ...options, type }),
  ...rest,
})

const syslog = (sync, rest) => ({
  name: `rsyslog, disk queue, syncQueueFiles ${sync}`,
  peer: "rsyslog",
  version: () => `rsyslogd ${versions.rsyslog()}`,
  missing: needs("rsyslogd"),
  copies: 1,
  batches: "RELP, one connection, 256 messages under way",
  consumes: "RELP, an acknowledgement for each",
  client: () => "in this folder",
  start: (options) => rsyslog({ ...options, sync }),
  ...rest,
})

const link = (curve) => ({
  name: `ohmq-toolkit, link, ${curve ? "CURVE" : "not encrypted"}`,
  peer: "link",
  values: { curve },
  version: toolkit,
  guarantee: "synced",
  copies: "1, and 2 once delivered",
  batches: "group commit; as many events a message as there are",
  consumes: "a commit (fsync) for at most 1,024",
  client: () => "in the producers' process",
  acknowledges:
    "the producers' store has written it with O_DSYNC; the receiver's store, before it acknowledges to the sender",
})

/** All contenders. `folder` is for what must be tried out first. */
export function contenders(folder) {
  const hasSync = find("nats-server") !== undefined && natsHasSync(folder)
  return [
    {
      name: "ohmq-toolkit, store",
      peer: "store",
      together: true,
      version: toolkit,
      guarantee: "synced",
      copies: 1,
      batches: "group commit",
      consumes: "a commit (fsync) for at most 1,024",
      client: () => "in the producers' process, with the consumer",
      acknowledges: "the store has written it with O_DSYNC",
    },
    link(true),
    link(false),
    {
      name: "ohmq-toolkit, relay, webhook in and PUSH out",
      peer: "relay",
      version: toolkit,
      guarantee: "synced",
      copies: 1,
      batches: "a connection for each producer, signed with HMAC-SHA256",
      consumes: "taking it from its socket",
      client: () => "undici, as the toolkit has it",
      acknowledges: "the store has written it with O_DSYNC",
      start: relay,
    },
    redisStreams("always", {
      guarantee: "synced",
      acknowledges: "the append-only file is synchronized: one fsync for the commands of a turn",
    }),
    redisStreams("everysec", {
      guarantee: "unsynced",
      acknowledges: "it is in the append-only file, which is synchronized each second",
    }),
    rabbit("classic", { acknowledges: "the message store has synchronized its file, for many messages at once" }),
    rabbit("quorum", { acknowledges: "a majority of one server has synchronized its write-ahead log" }),
    jetstream("NATS JetStream, one server", {
      copies: 1,
      acknowledges: "it is written to a file, which is synchronized every 2 minutes (default)",
      settings: { replicas: 1 },
    }),
    jetstream("NATS JetStream, three servers", {
      copies: 3,
      acknowledges: "two of three servers have written it to files, which are synchronized every 2 minutes (default)",
      settings: { replicas: 3 },
    }),
    ...(hasSync
      ? [
          jetstream("NATS JetStream, one server, sync_interval always", {
            guarantee: "synced",
            copies: 1,
            acknowledges: "its file is synchronized, for each message",
            settings: { replicas: 1, sync: "always" },
          }),
        ]
      : []),
    syslog("on", {
      guarantee: "synced",
      acknowledges: "it is in the queue's file, which is synchronized for each message",
    }),
    syslog("off", { guarantee: "unsynced", acknowledges: "it is in the queue's file, which is never synchronized" }),
  ]
}
