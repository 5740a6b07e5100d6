// What doctor is put in front of: servers of all kinds, and a short way to its report.

import { createServer, type Socket } from "node:net"
import path from "node:path"

import { onTestFinished } from "vitest"

import { root } from "../../support/process.js"
import { type Outcome, ohmq, Running } from "../support.js"

/** The JSON of doctor, and the exit code. */
export interface Report {
  status: number | string
  endpoint: string
  ok: boolean
  cause: string
  sentence: string
  advice: string
  facts: Record<string, unknown>
  steps: { name: string; milliseconds: number; ok: boolean; result: string }[]
}

export function reportOf({ status, stdout, stderr }: Outcome): Report {
  if (!stdout.startsWith("{")) throw new Error(`No report (${status}): ${stdout}${stderr}`)
  return { status, ...JSON.parse(stdout) }
}

/** What doctor finds. */
export const examine = async (endpoint: string, ...options: string[]): Promise<Report> =>
  reportOf(await ohmq(["doctor", endpoint, "--output", "json", ...options]))

/** What doctor finds where a shell script prepares the surroundings and then runs "$@". */
export async function examineWithin(
  prefix: readonly string[],
  endpoint: string,
  ...options: string[]
): Promise<Report> {
  const [command = "", ...args] = prefix
  const main = path.join(root, "dist/cli/main.js")
  const all = [...args, process.execPath, main, "doctor", endpoint, "--output", "json", ...options]
  const running = new Running(command, all)
  running.child.stdin.end()
  return reportOf(await running.ended)
}

/** A server that does with each connection what the test says. Gives its port. */
export async function serve(handle: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    handle(socket)
  })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as { port: number }).port
}

/** A server that sends bytes at once and keeps the connection. */
export const sayer = (bytes: string | Uint8Array) => serve((socket) => socket.write(bytes))

/** A pyzmq program with `context`; it prints its endpoint. Gives what it prints. */
export async function pyzmq(program: string): Promise<string> {
  const source = ["import zmq, time", "context = zmq.Context()", program, "time.sleep(60)"].join("\n")
  // Debian's Python, since the first of the PATH may be another.
  const running = new Running("/usr/bin/python3", ["-uc", source])
  return (await running.until(/^(\S+)\n/, "stdout"))[1] as string
}
