import { Router } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"
import type { Server } from "ohmq-toolkit/services"
import { describe, expect, it, onTestFinished } from "vitest"
import { asking, brief, errorOf, gate, pair, serving, until } from "./support.js"

/** Servers that say their names. */
async function named(names: string[], add: (server: Server, name: string) => void) {
  const servers: Server[] = []
  const endpoints: string[] = []
  for (const name of names) {
    const server = serving()
    add(server, name)
    servers.push(server)
    endpoints.push(await server.bind("tcp://127.0.0.1:*"))
  }
  const client = asking(endpoints, { heartbeat: 100 })
  await until(() => client.stats().every(({ state }) => state === "ready"))
  return { servers, endpoints, client }
}

describe("Several servers", () => {
  it("get requests by what they have under way", async () => {
    const hold = gate()
    const { client } = await named(["a", "b"], (server, name) =>
      server.handle("who", () => name).handle("hold", () => hold.opened.then(() => name)),
    )
    const held = client.request("hold", 1)
    const free: unknown[] = []
    for (let round = 0; round < 6; round++) free.push(await client.request("who", 1))
    // The one that has nothing to do gets all of them.
    expect(new Set(free).size).toBe(1)
    const all = [held, ...Array.from({ length: 5 }, () => client.request("hold", 1))]
    hold.open()
    expect((await Promise.all(all)).toSorted()).toEqual(["a", "a", "a", "b", "b", "b"])
    expect(await held).not.toBe(free[0])
  })

  it("stand in for one that is busy, draining, or has no such service", async () => {
    const hold = gate()
    const { client, servers } = await named(["a", "b"], (server, name) => {
      server.handle("work", { concurrency: 1, queue: 0 }, () => hold.opened.then(() => name))
      if (name === "b") server.handle("rare", () => name)
    })
    for (let round = 0; round < 4; round++) expect(await client.request("rare", 1)).toBe("b")
    const [one, two] = [client.request("work", 1), client.request("work", 1)]
    await until(() => servers.every((server) => server.stats().running === 1))
    const busy = await errorOf(client.request("work", 1))
    expect(busy).toMatchObject({
      code: "BUSY",
      notBegun: true,
      message: '"work" is busy: 1 requests are handled, 0 wait',
    })
    expect(busy.retryAfter).toBeGreaterThan(0)
    const patient = client.request("work", 1, { retries: 1000 })
    const drained = (servers[0] as Server).drain()
    await until(() => client.stats()[0]?.state === "draining")
    hold.open()
    expect((await Promise.all([one, two])).toSorted()).toEqual(["a", "b"])
    expect(await patient).toMatch(/[ab]/)
    await drained
    expect(await client.request("work", 1)).toBe("b")
  })

  it("are asked again after one was lost, only with retries", async () => {
    const began: string[] = []
    const hold = gate()
    const { client, servers } = await named(["a", "b"], (server, name) =>
      server.handle("work", async () => {
        began.push(name)
        if (began.length === 1 || began.length === 3) await hold.opened
        return name
      }),
    )
    const close = (name: string) => (servers[name === "a" ? 0 : 1] as Server).close()
    const once = errorOf(client.request("work", 1))
    await until(() => began.length === 1)
    await close(began[0] as string)
    expect(await once).toMatchObject({ code: "LOST", notBegun: false })
    const other = began[0] === "a" ? "b" : "a"
    expect(await client.request("work", 1)).toBe(other)
    hold.open()
  })

  it("are asked in turn if one takes too long", async () => {
    const aborted = gate()
    let first: string | undefined
    const { client } = await named(["a", "b"], (server, name) =>
      server.handle("work", async (_, { signal }) => {
        first ??= name
        if (name !== first) return name
        signal.addEventListener("abort", aborted.open)
        await aborted.opened
      }),
    )
    expect(await client.request("work", 1, { attemptTimeout: 100, retries: 1 })).toBe(first === "a" ? "b" : "a")
    await aborted.opened
  })

  it("are found again after they come back", async () => {
    const { client, endpoints, servers } = await named(["a"], (server, name) => server.handle("who", () => name))
    await (servers[0] as Server).close()
    await until(() => client.stats()[0]?.state === "down")
    const early = client.request("who", 1)
    const again = serving().handle("who", () => "again")
    await again.bind(endpoints[0] as string)
    expect(await early).toBe("again")
  })

  it("that hear but never answer count as dead", async () => {
    // The socket of the server lives, and answers the heartbeats of ZMTP; the program does not answer pings.
    const router = new Router()
    await router.bind("tcp://127.0.0.1:*")
    onTestFinished(() => router.close())
    const client = asking(router.lastEndpoint as string, { heartbeat: 50 })
    const [id] = await router.receive()
    await router.send([id as Buffer, Buffer.from([1, 0x85, 0, 0, 0, 0, 0, 0, 0, 16, 0])])
    const error = await errorOf(client.request("echo", 1))
    expect(error).toMatchObject({ code: "LOST", message: expect.stringContaining("It was silent for 150 ms") })
  })
})

describe("Server", () => {
  it("handles as many at a time as it may, in order, and drops what waits if its caller is gone", async () => {
    const hold = gate()
    const handled: unknown[] = []
    const { client, server, endpoint } = await pair((one) =>
      one.handle("work", { concurrency: 2, queue: 3 }, async (number) => {
        handled.push(number)
        await hold.opened
        return number
      }),
    )
    const replies = [1, 2, 3].map((number) => client.request("work", number))
    await until(() => server.stats().waiting === 1)
    const leaving = asking(endpoint)
    const left = errorOf(leaving.request("work", 4))
    await until(() => server.stats().waiting === 2)
    expect(server.stats()).toMatchObject({ running: 2, waiting: 2, clients: 2 })
    leaving.close()
    expect(await left).toMatchObject({ code: "CLOSED" })
    await until(() => server.stats().waiting === 1)
    const late = errorOf(client.request("work", 5, { timeout: 50 }))
    expect(await late).toMatchObject({ code: "TIMEOUT" })
    await until(() => server.stats().waiting === 1)
    hold.open()
    expect(await Promise.all(replies)).toEqual([1, 2, 3])
    expect(handled).toEqual([1, 2, 3])
  })

  it("drains: answers what is under way, begins nothing more, and closes", async () => {
    const hold = gate()
    const { client, server } = await pair((one) => one.handle("work", () => hold.opened.then(() => "done")))
    const reply = client.request("work", 1)
    await until(() => server.stats().running === 1)
    const drained = server.drain()
    await until(() => client.stats()[0]?.state === "draining")
    expect(await errorOf(client.request("work", 1, brief))).toMatchObject({ code: "UNREACHABLE" })
    hold.open()
    expect(await reply).toBe("done")
    await drained
  })

  it("aborts what takes longer than the drain", async () => {
    const aborted = gate()
    const { client, server } = await pair((one) =>
      one.handle("work", async (_, { signal }) => {
        signal.addEventListener("abort", aborted.open)
        await aborted.opened
      }),
    )
    const reply = errorOf(client.request("work", 1))
    await until(() => server.stats().running === 1)
    await server.drain({ timeout: 50 })
    expect(await reply).toMatchObject({ code: "LOST" })
    await aborted.opened
  })

  it("tells handlers who asks", async () => {
    const keys = generateKeyPair({ name: "scanner" })
    const alice = generateKeyPair({ name: "alice" })
    const mallory = generateKeyPair({ name: "mallory" })
    const server = serving({ security: { server: keys, authenticator: new Authenticator({ curve: [alice.public] }) } })
    server.handle("who", (_, { caller, service }) => `${caller} ${service}`)
    const endpoint = await server.bind("tcp://127.0.0.1:*")
    const client = asking(endpoint, { security: { client: alice, serverKey: keys.publicKey } })
    expect(await client.request("who", undefined)).toBe("alice who")
    const stranger = asking(endpoint, { security: { client: mallory, serverKey: keys.publicKey } })
    const error = await errorOf(stranger.request("who", undefined, brief))
    expect(error).toMatchObject({ code: "UNREACHABLE", message: expect.stringContaining("did not let in") })
  })

  it("needs security beyond this machine, unless that is waived", async () => {
    await expect(serving().bind("tcp://0.0.0.0:*")).rejects.toThrow("needs security")
    await expect(serving().bind("tcp://*:0")).rejects.toThrow("needs security")
    expect(() => asking("tcp://scanner.example:5555")).toThrow("needs security")
    expect(await serving({ insecure: true }).bind("tcp://0.0.0.0:*")).toMatch(/^tcp:/)
    expect(() => serving({ insecure: true, security: {} as never })).toThrow("not both")
  })
})
