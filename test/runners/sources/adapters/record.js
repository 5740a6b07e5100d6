// Writes down what tests do, for who has started their runner: see runner-process.mjs.

import { appendFileSync } from "node:fs"

const file = process.env.OHMQ_TEST_LOG

export const record = (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`)

/** A test that is recorded: when it begins, and how it ends. */
export const recorded = (name, body) => async () => {
  record({ name })
  try {
    await body()
  } catch (error) {
    record({ name, ended: true, error: String(error?.stack ?? error) })
    throw error
  }
  record({ name, ended: true })
}
