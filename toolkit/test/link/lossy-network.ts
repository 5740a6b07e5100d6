// Two hosts, and a network that loses packets or is cut.

import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

/** The network of a test; where there can be none, the test is left out, and says why. Where root runs what each commit must pass, it fails instead. */
export async function networkFor(what: string, seed: number, skip: (note: string) => never): Promise<LossyNetwork> {
  const network = await lossyNetwork(seed)
  if (typeof network !== "string") return network
  if (process.env.CI && process.getuid?.() === 0) throw new Error(`The test of ${what} cannot run: ${network}`)
  process.stderr.write(`Skipped, the test of ${what}: ${network}\n`)
  return skip(network)
}

export interface LossyNetwork {
  /** What begins the command of a program on each host. */
  one: string[]
  two: string[]
  /** Makes it lose this part of the packets, and delays them by milliseconds. */
  set(loss: number, delay?: number, jitter?: number): void
}

/** Two network namespaces, 10.77.0.1 and 10.77.0.2, with a network in between that can be made bad; or why there can be none here. */
async function lossyNetwork(seed: number): Promise<LossyNetwork | string> {
  if (process.platform !== "linux") return `network namespaces are there on Linux only, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return "only root can make network namespaces"
  const program = fileURLToPath(new URL("./programs/lossy-network.py", import.meta.url))
  const child = spawn("python3", [program, String(seed)], { stdio: ["pipe", "pipe", "pipe"] })
  onTestFinished(() => void child.stdin.end())
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  child.on("error", ({ message }) => {
    said += message
  })
  const ended = once(child, "close").catch(() => {})
  for await (const line of createInterface({ input: child.stdout })) {
    const [one, two] = line.split(" ").map((pid) => ["nsenter", `--net=/proc/${pid}/ns/net`]) as [string[], string[]]
    const set = (loss: number, delay = 0, jitter = 0) => void child.stdin.write(`${loss} ${delay} ${jitter}\n`)
    return { one, two, set }
  }
  await ended
  return `no network namespaces could be made: ${said.trim()}`
}
