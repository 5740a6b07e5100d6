// Measures the audit log: appends with durability, the time until an entry is in a checkpoint, and the verification of a large log.
//
// node toolkit/bench/audit.mjs [ENTRIES]    how many entries the large log has, by default 1,000,000

import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { createAuditLog, openAuditLog, verifyAuditLog } from "../dist/audit/index.js"
import { checkpointText } from "../dist/audit/notes/checkpoint.js"
import { SignerKey } from "../dist/audit/notes/keys.js"
import { Edge } from "../dist/audit/tree/edge.js"
import { leafHash } from "../dist/audit/tree/hashes.js"
import { bundleOf, TILE_WIDTH, tilePath } from "../dist/audit/tree/layout.js"

const name = "bench.example.com/log"
const producers = 256
const seconds = 10
const entry = (i) =>
  JSON.stringify({
    type: "response.finished",
    actor: "ada",
    action: "block",
    subject: `198.51.100.${i % 256}`,
    number: i,
    outcome: "done",
    detail: "x".repeat(80),
  })

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]

/** Appends as fast as the disk allows: each producer waits for its own entry. */
async function appends(log) {
  const latencies = []
  const begin = performance.now()
  let count = 0
  const produce = async () => {
    while (performance.now() - begin < seconds * 1000) {
      const since = performance.now()
      await log.append(entry(count++))
      latencies.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: producers }, produce))
  const rate = count / ((performance.now() - begin) / 1000)
  latencies.sort((a, b) => a - b)
  console.log(
    `append: ${Math.round(rate)} entries/s, ${producers} producers, p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`,
  )
}

/** How long it takes from an append until a checkpoint covers the entry, at a steady rate. */
async function freshness(log, perSecond) {
  const waits = []
  const work = []
  const begin = performance.now()
  for (let tick = 0; tick < 100 * 5; tick++) {
    for (let i = 0; i < perSecond / 100; i++) {
      const isSample = i === 0
      const since = performance.now()
      work.push(
        log.append(entry(i)).then(async ({ index }) => {
          if (!isSample) return
          // The log's own checkpoint, without asking for one.
          while (log.covered <= index) await setTimeout(1)
          waits.push(performance.now() - since)
        }),
      )
    }
    await setTimeout(Math.max(0, begin + tick * 10 - performance.now()))
  }
  await Promise.all(work)
  waits.sort((a, b) => a - b)
  console.log(
    `in a checkpoint: p50 ${percentile(waits, 0.5).toFixed(0)} ms, p99 ${percentile(waits, 0.99).toFixed(0)} ms, at most ${waits.at(-1).toFixed(0)} ms, at ${perSecond} entries/s`,
  )
}

/** Writes the files of a large log, without a journal and without fsync: only its verification is measured. */
function fill(folder, size) {
  const served = join(folder, "public")
  const write = (path, bytes) => {
    mkdirSync(dirname(join(served, path)), { recursive: true })
    writeFileSync(join(served, path), bytes)
  }
  const edge = new Edge()
  const bundle = []
  for (let i = 0; i < size; i++) {
    bundle.push(Buffer.from(entry(i)))
    edge.add(leafHash(bundle.at(-1)), (level, index, hashes) => write(tilePath(level, index), Buffer.concat(hashes)))
    if (bundle.length === TILE_WIDTH) write(tilePath("entries", (i + 1) / TILE_WIDTH - 1), bundleOf(bundle.splice(0)))
  }
  if (bundle.length > 0) write(tilePath("entries", Math.floor(size / TILE_WIDTH), bundle.length), bundleOf(bundle))
  edge.levels.forEach((hashes, level) => {
    if (hashes.length > 0)
      write(tilePath(level, Math.floor(size / TILE_WIDTH ** (level + 1)), hashes.length), Buffer.concat(hashes))
  })
  const key = SignerKey.generate(name, "log")
  const text = checkpointText(name, size, edge.root())
  write("checkpoint", `${text}\n${key.sign(text)}`)
  return String(key.verifier)
}

if (process.argv[2] === "verify") {
  const [folder, key] = process.argv.slice(3)
  const begin = performance.now()
  const { size, found } = await verifyAuditLog(folder, { keys: [key] })
  const time = (performance.now() - begin) / 1000
  const rss = process.resourceUsage().maxRSS / 1024
  console.log(
    `verify: ${size} entries in ${time.toFixed(1)} s, ${Math.round(size / time)} entries/s, ${found} problems, at most ${rss.toFixed(0)} MiB of memory`,
  )
} else {
  const size = Number(process.argv[2] ?? 1_000_000)
  const folder = mkdtempSync(join(tmpdir(), "ohmq-audit-bench-"))
  try {
    const path = join(folder, "log")
    await createAuditLog(path, { name })
    const log = await openAuditLog(path)
    await appends(log)
    await log.checkpoint()
    await freshness(log, 5000)
    await log.close()
    const large = join(folder, "large")
    const key = fill(large, size)
    spawnSync(process.execPath, [import.meta.filename, "verify", large, key], { stdio: "inherit" })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
