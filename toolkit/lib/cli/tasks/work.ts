// `ohmq tasks work`: a command worker, until a signal ends it.

import process from "node:process"
import { startCommandWorker, TaskError, TaskFailure } from "../../tasks/index.js"
import { oneLine } from "../terminal.js"
import { parseUsage, UsageError } from "../usage.js"
import { asUsage, connectFlags, connectOptions, integerOf, sizeOf, targetOf, timerOf } from "./connecting.js"

const names = [
  ...connectOptions,
  "name",
  "concurrency",
  "worker",
  "timeout",
  "max-output",
  "ok-codes",
  "sarif",
  "grace",
  "drain",
] as const

/** The exit codes of the option. */
function codesOf(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,3}(,\d{1,3})*$/.test(text))
    throw new UsageError(`--ok-codes: Expected exit codes such as 0,1 but received "${text}"`)
  return text.split(",").map(Number)
}

const say = (text: string) => process.stderr.write(`${oneLine(text)}\n`)

export async function work(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--")
  if (at === -1) throw new UsageError("Expected -- and a command, such as -- nikto -h {}")
  const command = args.slice(at + 1)
  const { values } = parseUsage(args.slice(0, at), 0, names, [...connectFlags, "stdin", "allow-options"])
  const drain = timerOf(values, "drain") ?? 30_000
  const target = await targetOf(values)
  const options = {
    ...target,
    command,
    queue: values.name,
    name: values.worker,
    concurrency: integerOf(values, "concurrency"),
    timeout: timerOf(values, "timeout"),
    maxOutput: sizeOf(values, "max-output"),
    okCodes: codesOf(values["ok-codes"]),
    sarif: values.sarif,
    stdin: values.stdin,
    allowOptions: values["allow-options"],
    grace: timerOf(values, "grace"),
  }
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        resolve(signal)
        // A second one ends at once: its commands end with it.
        process.once(signal, () => process.exit(1))
      })
    }
  })
  const worker = await asUsage(() => startCommandWorker(options))
  worker.on("connected", () => say(`${worker.name} works for ${target.connect}`))
  worker.on("disconnected", (reason) => say(`${reason}. It connects again`))
  worker.on("finished", ({ id }) => say(`finished ${id}`))
  worker.on("failed", ({ id, attempt, attempts }, error) => {
    // The queue takes no result that is invalid, and it would be the same again.
    const isFinal = error instanceof TaskFailure ? !error.retry : error instanceof TaskError && error.code === "INVALID"
    say(`failed ${id}, attempt ${attempt} of ${attempts}${isFinal ? ", which is final" : ""}: ${error.message}`)
  })
  const signal = await stopped
  say(`${signal}: takes no more tasks, and waits for ${worker.running} that run`)
  await worker.close(drain)
  return 0
}
