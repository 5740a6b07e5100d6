// Appends entries and prints those that are on disk, until it is killed: `appender.mjs FOLDER RUN`.

import { writeSync } from "node:fs"
import { openAuditLog } from "ohmq-toolkit/audit"

const [folder, run] = process.argv.slice(2)
const log = await openAuditLog(folder, { delay: 5 })
function say(line) {
  const bytes = Buffer.from(line)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      // The reader is behind.
      if (error.code !== "EAGAIN") throw error
    }
  }
}

let count = 0
const produce = async () => {
  for (;;) {
    const text = `run ${run} entry ${count++} ${"x".repeat(count % 300)}`
    const { index } = await log.append(text)
    say(`${index} ${text}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, produce))
