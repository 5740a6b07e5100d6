// Runs another of these programs in a worker thread.

import { once } from "node:events"
import { Worker } from "node:worker_threads"

const worker = new Worker(new URL(process.argv[2], import.meta.url))
const [status] = await once(worker, "exit")
process.exitCode = status
