// Appends entries and prints those that are on disk, until it is killed: `appender.mjs FOLDER RUN`.

import { openAuditLog } from "ohmq-toolkit/audit"
import { say } from "../../say.mjs"

const [folder, run] = process.argv.slice(2)
const log = await openAuditLog(folder, { delay: 5 })

let count = 0
const produce = async () => {
  for (;;) {
    const text = `run ${run} entry ${count++} ${"x".repeat(count % 300)}`
    const { index } = await log.append(text)
    say(`${index} ${text}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, produce))
