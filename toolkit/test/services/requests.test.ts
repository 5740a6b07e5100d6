import { setTimeout as wait } from "node:timers/promises"
import { ServiceError } from "ohmq-toolkit/services"
import { describe, expect, it } from "vitest"
import { z } from "zod"
import { asking, brief, errorOf, gate, pair, serving, until } from "./support.js"

describe("Client.request", () => {
  it("brings bytes, text, JSON and nothing to the handler, and back", async () => {
    const { client } = await pair((server) => server.handle("echo", (body) => body))
    for (const body of [
      Buffer.from([0, 255]),
      "grün",
      { list: [1, null, { deep: "é" }] },
      0,
      false,
      null,
      undefined,
      "",
    ])
      expect(await client.request("echo", body)).toEqual(body)
  })

  it("matches many replies to their requests, in whatever order they come", async () => {
    const { client, server } = await pair((one) =>
      one.handle("late", async (number) => {
        await wait(Number(number) % 7)
        return number
      }),
    )
    const numbers = Array.from({ length: 500 }, (_, index) => index)
    expect(await Promise.all(numbers.map((number) => client.request("late", number)))).toEqual(numbers)
    expect(server.stats()).toMatchObject({ answered: 500, running: 0, waiting: 0, shed: 0 })
    expect(client.stats()).toMatchObject([{ state: "ready", outstanding: 0 }])
  })

  it("times out at its deadline, and aborts the handler, which knows how long it has", async () => {
    const aborted = gate()
    let left = 0
    const { client, server } = await pair((one) =>
      one.handle("slow", async (_, { signal, timeLeft }) => {
        left = timeLeft
        signal.addEventListener("abort", aborted.open)
        await aborted.opened
        throw signal.reason
      }),
    )
    const error = await errorOf(client.request("slow", "x", brief))
    expect(error).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/^"slow" did not answer within \d+ ms at tcp:/),
    })
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(300)
    await aborted.opened
    await until(() => server.stats().running === 0)
    expect(client.stats()).toMatchObject([{ outstanding: 0 }])
  })

  it("rejects with the reason of its signal, aborts the handler, and drops the reply", async () => {
    const began = gate()
    const aborted = gate()
    const { client, server } = await pair((one) =>
      one.handle("slow", async (_, { signal }) => {
        signal.addEventListener("abort", aborted.open)
        began.open()
        await aborted.opened
        return "too late"
      }),
    )
    const controller = new AbortController()
    const reply = errorOf(client.request("slow", "x", { signal: controller.signal }))
    await began.opened
    controller.abort(new Error("no more"))
    expect((await reply).message).toBe("no more")
    await aborted.opened
    await until(() => server.stats().running === 0)
    expect(server.stats().answered).toBe(0)
    expect((await errorOf(client.request("slow", "x", { signal: controller.signal }))).message).toBe("no more")
  })

  it("brings code and message of a ServiceError across, and of other errors only that there was one", async () => {
    const { client, server } = await pair((one) =>
      one
        .handle("known", () => {
          throw new ServiceError("NO_SUCH_IMAGE", "There is no image alpine:0", { retryAfter: 1500 })
        })
        .handle("unknown", () => {
          throw new Error("password of the database is hunter2")
        })
        .handle("function", () => () => {}),
    )
    const failures: unknown[] = []
    server.on("failed", (error, call) => failures.push([(error as Error).message, call]))
    const known = await errorOf(client.request("known", 1))
    expect(known).toBeInstanceOf(ServiceError)
    expect(known).toMatchObject({
      code: "NO_SUCH_IMAGE",
      message: "There is no image alpine:0",
      retryAfter: 1500,
      notBegun: false,
    })
    expect(await errorOf(client.request("unknown", 1))).toMatchObject({
      code: "FAILED",
      message: 'The handler of "unknown" failed',
    })
    expect(await errorOf(client.request("function", 1))).toMatchObject({ code: "FAILED" })
    expect(failures).toEqual([
      ["password of the database is hunter2", { service: "unknown", caller: undefined }],
      ["Expected bytes, text or a JSON value but received a function", { service: "function", caller: undefined }],
    ])
    expect(await errorOf(client.request("nothing", 1))).toMatchObject({
      code: "NO_SERVICE",
      message: 'There is no service "nothing"',
    })
  })

  it("refuses what is too large, before it sends it, and before it is sent back", async () => {
    const { client } = await pair(
      (server) => server.handle("size", (body) => (body as Buffer).length).handle("grow", () => Buffer.alloc(2 << 20)),
      { maxBodyBytes: 1000 },
    )
    expect(await client.request("size", Buffer.alloc(1000))).toBe(1000)
    expect(await errorOf(client.request("size", Buffer.alloc(1001)))).toMatchObject({
      code: "TOO_LARGE",
      message: expect.stringMatching(/^The request to "size" has 1001 bytes, and .* takes 1000$/),
    })
    expect(await errorOf(client.request("grow", undefined))).toMatchObject({ code: "TOO_LARGE" })
    expect(await client.request("size", Buffer.alloc(1))).toBe(1)
  })

  it("rejects when the client is closed, which aborts the handler", async () => {
    const began = gate()
    const aborted = gate()
    const { client } = await pair((server) =>
      server.handle("slow", async (_, { signal }) => {
        signal.addEventListener("abort", aborted.open)
        began.open()
        await aborted.opened
      }),
    )
    const reply = errorOf(client.request("slow", 1))
    await began.opened
    client.close()
    expect(await reply).toMatchObject({ code: "CLOSED" })
    await aborted.opened
    expect(await errorOf(client.request("slow", 1))).toMatchObject({ code: "CLOSED" })
  })

  it("says which servers it could not reach, and why", async () => {
    const client = asking("tcp://127.0.0.1:1")
    const error = await errorOf(client.request("echo", 1, brief))
    expect(error).toMatchObject({ code: "UNREACHABLE", notBegun: true })
    expect(error.message).toBe('No server was ready for "echo" within 300 ms. tcp://127.0.0.1:1: It cannot be reached')
  })
})

describe("A contract", () => {
  const contract = {
    scan: {
      input: z.object({ image: z.string(), depth: z.number().default(3) }),
      output: z.object({ findings: z.number() }),
    },
  }

  it("gives bodies their types, checks them on both sides, and adds defaults once", async () => {
    const server = serving()
    let depth = 0
    server.handle("scan", contract.scan, (body) => {
      depth = body.depth
      return { findings: body.image.length }
    })
    const endpoint = await server.bind("tcp://127.0.0.1:*")
    const client = asking(endpoint, { contract })
    const { findings } = await client.request("scan", { image: "alpine" })
    expect([findings satisfies number, depth]).toEqual([6, 3])
    // @ts-expect-error: image is a string.
    const refused = await errorOf(client.request("scan", { image: 1 }))
    expect(refused).toMatchObject({ code: "INVALID_INPUT", notBegun: true })
    expect(refused.message).toMatch(/^The body of a request to "scan" does not fit its schema: image: /)
    // @ts-expect-error: there is no such service.
    expect((await errorOf(client.request("scam", {}))).message).toBe('The contract has no service "scam". It has scan')
    expect(await errorOf(asking(endpoint).request("scan", { image: 1 }))).toMatchObject({ code: "INVALID_INPUT" })
  })

  it("refuses a reply that does not fit, on both sides", async () => {
    const { client, server, endpoint } = await pair((one) =>
      one.handle("strict", { output: z.number() }, () => "text" as unknown as number).handle("loose", () => "text"),
    )
    expect(await errorOf(client.request("strict", 1))).toMatchObject({ code: "INVALID_OUTPUT" })
    const typed = asking(endpoint, { contract: { loose: { output: z.number() } } })
    expect(await errorOf(typed.request("loose", 1))).toMatchObject({
      code: "INVALID_OUTPUT",
      message: expect.stringContaining('The reply of "loose" does not fit its schema'),
    })
    expect(server.stats().answered).toBe(2)
  })
})

describe("Options", () => {
  it("are checked, with what was expected", async () => {
    const { client } = await pair((server) => server.handle("echo", (body) => body))
    const wrong = (options: object) => errorOf(client.request("echo", 1, options)).then(({ message }) => message)
    expect(await wrong({ timeut: 1 })).toBe('Unknown option "timeut". Did you mean "timeout"?')
    expect(await wrong({ timeout: -1 })).toBe("Expected timeout to be an integer from 1 to 2147483647 but received -1")
    expect(await wrong({ retries: 1.5 })).toMatch(/^Expected retries/)
    expect(await wrong({ signal: 1 })).toBe("Expected signal to be an AbortSignal but received 1")
    expect((await errorOf(client.request("", 1))).message).toMatch(/^Expected the name of a service/)
    expect((await errorOf(client.request("echo", 1n))).message).toMatch(/BigInt/)
    expect(() => serving({ concurency: 1 } as object)).toThrow('Did you mean "concurrency"?')
    expect(() => serving().handle("x", { input: {} as never }, () => 1)).toThrow("Expected input to be a schema")
    const server = serving().handle("x", () => 1)
    expect(() => server.handle("x", () => 2)).toThrow('There is a service "x" already')
    expect(() => asking([])).toThrow("Expected connect")
    expect(() => asking("http://127.0.0.1")).toThrow("Expected an address")
    expect(() => new ServiceError("no code", "")).toThrow("Expected a code")
  })
})
