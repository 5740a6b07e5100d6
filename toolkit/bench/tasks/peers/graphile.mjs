// Graphile Worker, on PostgreSQL.

import { client } from "../../durable/peers/clients.mjs"

const { Logger, makeWorkerUtils, run } = client("graphile-worker")
const { Pool } = client("pg")
const logger = new Logger(() => () => {})

const poolOf = ({ host, port }, max) => new Pool({ host, port, user: "bench", database: "postgres", max })

export async function submitter(given) {
  const utils = await makeWorkerUtils({ pgPool: poolOf(given, 8), logger })
  await utils.migrate()
  return (inputs) => utils.addJobs(inputs.map((payload) => ({ identifier: "task", payload })))
}

export async function worker(given, concurrency, handler) {
  await run({
    pgPool: poolOf(given, 16),
    logger,
    taskList: { task: async (payload) => handler(payload) },
    preset: {
      worker: {
        concurrentJobs: concurrency,
        // What its documentation says for speed: jobs are fetched, and completed, many at a time.
        localQueue: { size: 2 * concurrency, refetchDelay: { durationMs: 10 } },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  })
}
