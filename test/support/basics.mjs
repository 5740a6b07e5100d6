// What tests of every kind share, in plain JavaScript: some of it runs on Bun and Deno, and with zeromq.

import { spawn } from "node:child_process"

export { setTimeout as sleep } from "node:timers/promises"

/** @type {["tcp", "ipc", "inproc"]} */
export const transports = ["tcp", "ipc", "inproc"]

/**
 * The parts of a message as strings.
 *
 * @param {Buffer[]} message
 */
export const texts = (message) => message.map(String)

/**
 * The error with which an operation rejects or throws. Throws if it succeeds.
 *
 * @param {() => unknown} operation
 * @returns {Promise<any>}
 */
export async function failure(operation) {
  try {
    await operation()
  } catch (error) {
    return error
  }
  throw new Error("The operation succeeded")
}

/**
 * The error that a call throws synchronously. Throws if it returns, even a promise.
 *
 * @param {() => unknown} call
 * @returns {any}
 */
export function thrown(call) {
  let result
  try {
    result = call()
  } catch (error) {
    return error
  }
  if (result instanceof Promise) result.catch(() => {})
  throw new Error("The call did not throw")
}

/**
 * Sends until the other side receives it, because subscriptions take effect a little later.
 *
 * @param {() => Promise<void>} send
 * @param {{ receive(options: object): Promise<Buffer[]> }} receiver
 */
export async function untilReceived(send, receiver) {
  for (;;) {
    await send()
    try {
      return await receiver.receive({ timeout: 20 })
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
    }
  }
}

/**
 * Runs a program until it exits. After `timeout` milliseconds it is killed, and the status is "SIGKILL".
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ timeout: number, env: NodeJS.ProcessEnv, cwd?: string, started?: (child: import("node:child_process").ChildProcess) => void }} options
 * @returns {Promise<{ status: number | string | null, stdout: string, stderr: string, duration: number }>} The exit status or the signal
 * that ended it, what it has printed, and the milliseconds from start to end.
 */
export async function runToEnd(file, args, { timeout, env, cwd, started = () => {} }) {
  const began = performance.now()
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] })
  started(child)
  const output = { stdout: "", stderr: "" }
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text
    })
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), timeout)
  try {
    const status = await new Promise((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (code, signal) => resolve(code ?? signal))
    })
    return { status, ...output, duration: performance.now() - began }
  } finally {
    clearTimeout(timer)
  }
}
