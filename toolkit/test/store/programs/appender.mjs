// Appends to a store as fast as it can, and says on stdout what was confirmed: `node appender.mjs FOLDER STREAMS`. It is killed by its parent.

import process from "node:process"
import { openStore } from "ohmq-toolkit/store"
import { say } from "../../say.mjs"

const [folder, streams] = process.argv.slice(2)

const store = await openStore(folder, { segmentBytes: 1 << 16 })
const pad = Buffer.alloc(300)

async function run(stream) {
  for (let next = store.sequenceOf(stream) + 1; ; ) {
    // One event, or several that are stored together; now and then all of it twice, as after a lost acknowledgement.
    const count = 1 + (next % 3)
    const events = Array.from({ length: count }, (_, i) => ({ frames: [Buffer.from(`${stream} ${next + i}`), pad] }))
    const position = await store.append(events, { stream, sequence: next })
    say(`${position} ${stream} ${next + count - 1}\n`)
    if (next % 5 === 0) await store.append(events, { stream, sequence: next })
    next += count
  }
}

await Promise.all(Array.from({ length: Number(streams) }, (_, i) => run(`s${i}`)))
