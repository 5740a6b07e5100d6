// Measures the store: `node toolkit/bench/store.mjs [--seconds 5] [--producers 256] [--folder PATH] [--backlog 1000000]`.
//
// Everything is compared with a plain loop that writes the same bytes with fdatasync, because disks and loads differ. `--lmdb` adds lmdb.

import { spawnSync } from "node:child_process"
import { closeSync, fdatasync, mkdtempSync, openSync, readFileSync, rmSync, write } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    producers: { type: "string", default: "256" },
    size: { type: "string", default: "1024" },
    backlog: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
    lmdb: { type: "boolean", default: false },
    child: { type: "string" },
    store: { type: "string" },
  },
})
const seconds = Number(values.seconds)
const producers = Number(values.producers)
const event = Buffer.alloc(Number(values.size), "x")
const { openStore } = await import("../dist/store/index.js")

const percentile = (sorted, p) => sorted[Math.min(Math.floor(sorted.length * p), sorted.length - 1)]
const ms = (value) => `${value.toFixed(1)} ms`
const rate = (value) => `${Math.round(value).toLocaleString("en")}/s`
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024

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

/** In a process of its own, so that nothing of the writing counts. */
async function child(kind, path) {
  if (kind === "start") {
    const begin = performance.now()
    const store = await openStore(path)
    const took = performance.now() - begin
    const { cursors } = store.stats()
    console.log(
      `start with ${cursors.a.waiting.toLocaleString("en")} waiting events: ${ms(took)}, RSS ${Math.round(rss())} MB`,
    )
    let count = 0
    const since = performance.now()
    for await (const batch of store.read("a", { max: 1000 })) {
      count += batch.length
      if (performance.now() - since > 3000 || count >= cursors.a.waiting) break
    }
    console.log(`read: ${rate(count / ((performance.now() - since) / 1000))}, RSS ${Math.round(rss())} MB`)
    const first = await produce(() => store.append([{ frames: [event] }]))
    show("append on that backlog", first)
    console.log(`RSS after that ${Math.round(rss())} MB`)
    await store.close()
  } else if (kind === "fill") {
    const store = await openStore(path)
    await store.addCursor("a")
    const batch = Array.from({ length: 500 }, () => ({ frames: [event] }))
    const total = Number(values.backlog)
    let done = 0
    let since = performance.now()
    const step = Math.max(Math.ceil(total / 5 / 2000), 1) * 2000
    while (done < total) {
      await Promise.all([batch, batch, batch, batch].map((events) => store.append(events)))
      done += 2000
      if (done % step !== 0) continue
      const took = (performance.now() - since) / 1000
      console.log(
        `  events ${(done - step).toLocaleString("en")} to ${done.toLocaleString("en")}: ${rate(step / took)}, RSS ${Math.round(rss())} MB`,
      )
      since = performance.now()
    }
    await store.close()
  }
}

if (values.child) await child(values.child, values.store)
else {
  const folder = mkdtempSync(join(values.folder, "ohmq-store-bench-"))
  try {
    const others = values.lmdb ? [["lmdb", withLmdb]] : []
    console.log(`${producers} producers, ${event.length} B, each waits for its own fsync; ${seconds} s, rounds in turn`)
    for (let i = 0; i < Number(values.rounds); i++) {
      const base = await plain(folder)
      show("plain fdatasync loop", base)
      for (const [name, run] of [["store", withStore], ...others]) show(name, await run(folder), base)
    }
    if (Number(values.backlog) > 0) {
      const path = join(folder, "backlog")
      for (const kind of ["fill", "start"]) {
        const args = [fileURLToPath(import.meta.url), "--child", kind, "--store", path]
        for (const name of ["seconds", "producers", "size", "backlog"]) args.push(`--${name}`, values[name])
        spawnSync(process.execPath, args, { stdio: "inherit" })
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
