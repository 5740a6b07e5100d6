// The workloads. `values` are passed to the programs; `roles` are the processes of a measurement (see lib/pair.mjs).

import { randomUUID } from "node:crypto"
import path from "node:path"

import { temporaryFolder } from "./lib/tidy.mjs"

const address = {
  tcp: () => "tcp://127.0.0.1:*",
  ipc: () => `ipc://${path.join(temporaryFolder(), randomUUID())}`,
}

const bytes = (size) => (size >= 1 << 20 ? `${size >> 20} MB` : size >= 1 << 16 ? `${size >> 10} KB` : `${size} B`)

const sizes = [10, 100, 1000, 1 << 16, 1 << 20]

const oneWay = (name, values, more = {}) => ({
  name,
  group: "one-way",
  roles: ["sink", "source"],
  values: { size: 100, warmup: 1000, ...values },
  ...more,
})

export const workloads = [
  ...["tcp", "ipc"].flatMap((transport) =>
    sizes.map((size) =>
      oneWay(
        `one-way ${transport} ${bytes(size)}`,
        { transport, size, warmup: size > 50_000 ? 20 : 1000 },
        { plot: transport },
      ),
    ),
  ),
  oneWay("one-way tcp 100 B, 3 parts", { transport: "tcp", parts: 3 }),
  oneWay("one-way tcp 100 B, strings", { transport: "tcp", kind: "string" }),
  ...[100, 1000, 1 << 16].map((size) =>
    oneWay(`one-way tcp ${bytes(size)}, CURVE`, {
      transport: "tcp",
      size,
      curve: 1,
      warmup: size > 50_000 ? 20 : 1000,
    }),
  ),
  ...[10, 1000].map((size) => ({
    name: `inproc ${bytes(size)}, one thread`,
    group: "one-way",
    roles: ["single"],
    values: { size },
  })),
  ...[10, 1000].map((size) => ({
    name: `inproc ${bytes(size)}, two threads`,
    group: "one-way",
    roles: ["threads"],
    values: { size },
  })),
  ...["tcp", "ipc"].map((transport) => ({
    name: `round trip ${transport} 10 B`,
    group: "latency",
    roles: ["server", "client"],
    measures: 1,
    values: { transport, size: 10, warmup: 20_000 },
  })),
  {
    name: "round trip inproc 10 B, two threads",
    group: "latency",
    roles: ["echo"],
    values: { size: 10, warmup: 20_000 },
  },
  ...[1, 8, 64].map((subscribers) => ({
    name: `fan-out to ${subscribers}`,
    group: "publish",
    roles: ["subscribers", "publisher"],
    values: { size: 100, subscribers, warmup: 100 },
    per: subscribers,
  })),
  {
    name: "2 of 8 topics",
    group: "publish",
    roles: ["subscribers", "publisher"],
    values: { size: 100, subscribers: 1, topics: "2of8", warmup: 100 },
  },
  {
    name: "10,000 subscriptions",
    group: "publish",
    roles: ["subscribers", "publisher"],
    values: { size: 100, subscribers: 1, topics: "10000", warmup: 100 },
  },
  {
    name: "1,000 connections",
    group: "connections",
    roles: ["router", "dealers"],
    values: { size: 100, connections: 1000, warmup: 1000 },
  },
  {
    name: "8 saturated pairs, one thread",
    group: "delay",
    roles: ["pairs"],
    values: { size: 10, pairs: 8 },
  },
]

/** The values for one run, with a free address, and with keys for CURVE. */
export function valuesFor(workload, keys) {
  const { transport, curve, ...rest } = workload.values
  return {
    ...rest,
    ...(transport && { address: address[transport]() }),
    ...(curve && { curve, ...keys }),
  }
}
