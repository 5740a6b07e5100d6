// Measures the store: `node toolkit/bench/store.mjs [--seconds 5] [--producers 256] [--folder PATH]`. backlog.mjs measures what waits.
//
// Everything is compared with a plain loop that writes the same bytes with fdatasync, because disks and loads differ. `--lmdb` adds lmdb.

import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, write } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    producers: { type: "string", default: "256" },
    size: { type: "string", default: "1024" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
    lmdb: { type: "boolean", default: false },
  },
})
const seconds = Number(values.seconds)
const producers = Number(values.producers)
const event = Buffer.alloc(Number(values.size), "x")
const { openStore } = await import("../dist/store/index.js")

const percentile = (sorted, p) => sorted[Math.min(Math.floor(sorted.length * p), sorted.length - 1)]
const ms = (value) => `${value.toFixed(1)} ms`
const rate = (value) => `${Math.round(value).toLocaleString("en")}/s`

/** Producers that each wait for their own append. */
async function produce(append) {
  const times = []
  const begin = performance.now()
  const end = begin + seconds * 1000
  const producer = async () => {
    for (;;) {
      const since = performance.now()
      if (since > end) return
      await append()
      times.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: producers }, producer))
  const elapsed = (performance.now() - begin) / 1000
  times.sort((a, b) => a - b)
  return {
    rate: times.length / elapsed,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    p999: percentile(times, 0.999),
  }
}

/** As much as the disk gives: the bytes of all producers in one write, then fdatasync, again and again. */
async function plain(folder) {
  const bytes = Buffer.alloc(event.length * producers, "x")
  const file = openSync(join(folder, "plain"), "w")
  const times = []
  const begin = performance.now()
  while (performance.now() - begin < seconds * 1000) {
    const since = performance.now()
    await new Promise((resolve, reject) =>
      write(file, bytes, (error) =>
        error ? reject(error) : fdatasync(file, (failure) => (failure ? reject(failure) : resolve())),
      ),
    )
    times.push(performance.now() - since)
  }
  const elapsed = (performance.now() - begin) / 1000
  closeSync(file)
  rmSync(join(folder, "plain"))
  times.sort((a, b) => a - b)
  return {
    rate: (times.length * producers) / elapsed,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    p999: percentile(times, 0.999),
  }
}

async function withStore(folder) {
  const store = await openStore(join(folder, "store"))
  await store.addCursor("a")
  const result = await produce(() => store.append([{ frames: [event] }]))
  await store.close()
  rmSync(join(folder, "store"), { recursive: true })
  return result
}

async function withLmdb(folder) {
  const { open } = await import("lmdb")
  const db = open({ path: join(folder, "lmdb"), encoding: "binary", keyEncoding: "uint32" })
  let key = 0
  const result = await produce(async () => {
    await db.put(++key, event)
    await db.flushed
  })
  await db.close()
  rmSync(join(folder, "lmdb"), { recursive: true })
  return result
}

const show = (name, { rate: perSecond, p50, p99, p999 }, base) =>
  console.log(
    `${name.padEnd(24)} ${rate(perSecond).padStart(12)}   p50 ${ms(p50)}   p99 ${ms(p99)}   p99.9 ${ms(p999)}` +
      (base ? `   ${(perSecond / base.rate).toFixed(2)} of the plain loop` : ""),
  )

const folder = mkdtempSync(join(values.folder, "ohmq-store-bench-"))
try {
  const others = values.lmdb ? [["lmdb", withLmdb]] : []
  console.log(`${producers} producers, ${event.length} B, each waits for its own fsync; ${seconds} s, rounds in turn`)
  for (let i = 0; i < Number(values.rounds); i++) {
    const base = await plain(folder)
    show("plain fdatasync loop", base)
    for (const [name, run] of [["store", withStore], ...others]) show(name, await run(folder), base)
  }
} finally {
  rmSync(folder, { recursive: true })
}
