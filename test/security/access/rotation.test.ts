// Rotates keys by the steps of docs/security.md while several clients keep sending.

import { rmSync } from "node:fs"
import path from "node:path"

import * as zmq from "ohmq"
import { generateKeyPair, verifiedSender } from "ohmq/security"
import { describe, expect, it } from "vitest"

import { eventually, freeAddress, open } from "../../support/sockets.js"
import { authenticate, folder } from "../support.js"

type Keys = ReturnType<typeof generateKeyPair>

describe("rotating keys under load", () => {
  it("loses and duplicates no message: first the clients' keys in a folder, then the server's", async () => {
    const here = folder()
    const { context, authenticator, told } = authenticate({ curve: here })
    const servers = [generateKeyPair(), generateKeyPair()] as const
    const counts = new Map<string, number>()
    const count = () => [...counts.values()].reduce((sum, times) => sum + times, 0)

    const serve = async (server: Keys) => {
      const pull = open(zmq.Pull, { context, security: { server, authenticator } })
      await pull.bind(freeAddress("tcp"))
      const take = async () => {
        for await (const message of pull.withMetadata()) {
          const key = `${verifiedSender(message)} ${message.parts[0]}`
          counts.set(key, (counts.get(key) ?? 0) + 1)
        }
      }
      return { pull, server, taken: take() }
    }
    type Served = Awaited<ReturnType<typeof serve>>

    /** A client that sends until it is stopped. */
    const start = async (name: string, served: Served) => {
      let keys = generateKeyPair({ name })
      let file = path.join(here, `${name}.0.key`)
      await keys.savePublic(file)
      const connect = ({ pull, server }: Served) => {
        const push = open(zmq.Push, { security: { client: keys, serverKey: server.publicKey } })
        push.connect(pull.lastEndpoint as string)
        return push
      }
      let newest = connect(served)
      let stopped = false
      const send = async () => {
        let push = newest
        let sent = 0
        for (; !stopped; sent += 1) {
          await push.send(String(sent))
          if (sent % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
          if (push === newest) continue
          push.close()
          push = newest
        }
        push.close()
        return sent
      }
      const sending = send()
      return {
        sending,
        stop: () => {
          stopped = true
        },
        /** Steps 1 to 3 for a client's key. Returns the file to remove. */
        rotate: async (to: Served, index: number) => {
          const old = file
          keys = generateKeyPair({ name })
          file = path.join(here, `${name}.${index}.key`)
          await keys.savePublic(file)
          const delivered = to.pull.events.waitFor("disconnect", { timeout: 10_000 })
          newest = connect(to)
          await delivered
          return old
        },
        move: (to: Served) => {
          newest = connect(to)
        },
      }
    }
    const some = () => {
      const before = count()
      return eventually(() => expect(count()).toBeGreaterThan(before + 1000))
    }

    const first = await serve(servers[0])
    const clients = await Promise.all(["alice", "bob", "carol"].map((name) => start(name, first)))
    await some()
    for (const [index, client] of clients.entries()) {
      rmSync(await client.rotate(first, index + 1))
      await some()
    }
    const second = await serve(servers[1])
    for (const client of clients) {
      client.move(second)
      await some()
    }
    await eventually(() => expect([first.pull.events.peers, first.pull.readable]).toEqual([0, false]))
    first.pull.close()
    await some()
    for (const client of clients) client.stop()
    const sent = (await Promise.all(clients.map(({ sending }) => sending))).reduce((sum, one) => sum + one)
    await eventually(() => expect(count()).toBe(sent))
    expect(counts.size).toBe(sent)
    expect(told.map(({ outcome }) => outcome)).toEqual(Array(9).fill("allowed"))
    second.pull.close()
    await Promise.all([first.taken, second.taken])
  })
})
