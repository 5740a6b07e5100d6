// A reply that a command makes.

import { spawn } from "node:child_process"
import process from "node:process"

import { warn } from "../command/terminal.js"

/** The most that a command may print, in bytes. */
const LARGEST = 64 * 2 ** 20

interface Options {
  /** For the shell. */
  command: string
  /** Parts are arguments instead of standard input. */
  asArguments: boolean
  /** Milliseconds. */
  timeout: number
  signal: AbortSignal
}

/**
 * Runs a shell command for a request and resolves to what it prints, without the line end at its end. A command that fails is reported, and
 * the reply is what it has printed so far. It runs in a process group of its own, so that its children end with it.
 */
export function replyOf(parts: readonly Buffer[], { command, asArguments, timeout, signal }: Options): Promise<Buffer> {
  return new Promise((resolve) => {
    const args = asArguments ? parts.map(String) : []
    const child = spawn("sh", ["-c", command, "ohmq", ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: process.platform !== "win32",
    })
    const chunks: Buffer[] = []
    let size = 0
    let problem: string | undefined
    const kill = (reason: string | undefined) => {
      problem ??= reason
      try {
        if (child.pid !== undefined) process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL")
      } catch {
        // It has ended meanwhile.
      }
    }
    const onAbort = () => kill("the command was interrupted")
    const timer = setTimeout(() => kill(`it ran longer than --exec-timeout (${timeout} ms)`), timeout)
    signal.addEventListener("abort", onAbort, { once: true })
    child.stdin.on("error", () => {})
    child.stdin.end(
      asArguments
        ? undefined
        : Buffer.concat(parts.flatMap((part, index) => (index > 0 ? [Buffer.from("\n"), part] : [part]))),
    )
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > LARGEST) kill(`it printed more than ${LARGEST} bytes`)
      else chunks.push(chunk)
    })
    let settled = false
    const settle = (failure: string | undefined) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal.removeEventListener("abort", onAbort)
      if (failure !== undefined) warn(`${command}: ${failure}`)
      const output = Buffer.concat(chunks)
      const end = output.at(-1) === 10 ? output.length - (output.at(-2) === 13 ? 2 : 1) : output.length
      resolve(output.subarray(0, end))
    }
    child.on("error", (error) => settle(error.message))
    child.on("close", (code, by) => settle(problem ?? (code === 0 ? undefined : `it ended with ${code ?? by}`)))
  })
}
