// After a certificate was read from its file, memory contains its secret key nowhere as text.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import path from "node:path"

import { generateKeyPair, z85Decode, z85Encode } from "ohmq/security"
import { expect, it, onTestFinished } from "vitest"

import { root } from "../../support/process.js"
import { folder } from "../support.js"

/** How often the memory of an idle process contains the bytes. */
function countIn(pid: number, bytes: Buffer): number {
  const memory = openSync(`/proc/${pid}/mem`, "r")
  let count = 0
  for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
    const start = Number.parseInt(from ?? "0", 16)
    const size = Number.parseInt(to ?? "0", 16) - start
    if (size === 0 || size > 2 ** 29 || line.includes("[v")) continue
    const buffer = Buffer.alloc(size)
    try {
      readSync(memory, buffer, 0, size, start)
    } catch {
      continue // pages that were never mapped
    }
    for (let at = buffer.indexOf(bytes); at >= 0; at = buffer.indexOf(bytes, at + 1)) count += 1
  }
  closeSync(memory)
  return count
}

it.runIf(process.platform === "linux").each([
  ["a certificate", ""],
  ["a bound server socket", `bind({ security: { server: certificate, clients: "any" } })`],
  ["a client socket", `connect({ security: { client: certificate, serverKey } })`],
  [
    "a client with the CURVE options",
    `connect({ curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey })`,
  ],
])("memory does not contain the text of a secret key: %s", async (_, body) => {
  const file = path.join(folder(), "a.key")
  const certificate = generateKeyPair()
  await certificate.save(file)
  const program = `
    import * as zmq from "ohmq"
    import { Certificate } from "ohmq/security"
    const marker = Buffer.alloc(40, "a marker of 20 bytes")
    const certificate = await Certificate.load(${JSON.stringify(`${file}_secret`)})
    const { publicKey, secretKey } = certificate
    const serverKey = zmq.curveKeyPair().publicKey
    const sockets = []
    const open = (options) => sockets[sockets.push(new zmq.Dealer(options)) - 1]
    const bind = (options) => open(options).bindSync("tcp://127.0.0.1:*")
    const connect = (options) => open(options).connect("tcp://127.0.0.1:9")
    ${body}
    process.stdout.write("ready")
    setInterval(() => [marker, certificate, sockets], 1000)`
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  await once(child.stdout, "data")
  const count = (text: string) => countIn(child.pid as number, Buffer.from(text))
  expect(count("a marker of 20 bytesa marker of 20 bytes")).toBeGreaterThan(0)
  expect(count(z85Encode(certificate.secretKey as Buffer))).toBe(0)
})

it("z85Decode leaves no secret in memory that other Buffers share", () => {
  const text = z85Encode(generateKeyPair().secretKey as Buffer)
  z85Decode(text)
  expect(Buffer.from(Buffer.from("x").buffer).includes(text)).toBe(false)
})
