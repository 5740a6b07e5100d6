// Opens a store, says so, and holds it until it is killed: `node holder.mjs FOLDER`.

import process from "node:process"
import { openStore } from "ohmq-toolkit/store"

try {
  const store = await openStore(process.argv[2])
  process.stdout.write("open\n")
  setInterval(() => store.stats(), 1000)
} catch (error) {
  process.stdout.write(`${error.code}\n`)
  process.exitCode = 1
}
