import { createSocket } from "node:dgram"
import { once } from "node:events"

import { Dish, Radio } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually, failure, join, open, thrown, transports } from "../support/sockets.js"

/** A port of udp that was free just now: libzmq does not tell which it has taken. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1")
  await once(socket, "listening")
  const { port } = socket.address()
  socket.close()
  await once(socket, "close")
  return port
}

/** Sends until the dish gets it: joining takes effect some time after it is done. */
const untilReceived = (radio: Radio, dish: Dish, message: string, group: string | Buffer) =>
  eventually(async () => {
    await radio.send(message, { group })
    return dish.receive({ timeout: 10 })
  })

async function clear(dish: Dish) {
  while (await dish.receive({ timeout: 50 }).catch(() => undefined)) {}
}

describe.each(transports)("Radio and Dish over %s", (transport) => {
  it("pass what was joined, with its group, until it is left", async () => {
    const [radio, dish] = [open(Radio), open(Dish)]
    await join(radio, dish, transport)
    dish.join("news", Buffer.from("sport"))
    expect(await untilReceived(radio, dish, "a", "news")).toEqual([Buffer.from("a"), { group: Buffer.from("news") }])
    await clear(dish)
    expect(await untilReceived(radio, dish, "b", Buffer.from("sport"))).toEqual([
      Buffer.from("b"),
      { group: Buffer.from("sport") },
    ])
    await clear(dish)
    dish.leave("news")
    await radio.send("c", { group: "news" })
    await radio.send("d", { group: "weather" })
    await radio.send("e", { group: "sport" })
    expect(String((await dish.receive())[0])).toBe("e")
  })

  it("receive many messages whose groups and bodies do not fit evenly into one fetch", async () => {
    const [radio, dish] = [open(Radio), open(Dish)]
    await join(radio, dish, transport)
    const group = "g".repeat(255)
    dish.join(group)
    await untilReceived(radio, dish, "ready", group)
    await clear(dish)
    for (let first = 8; first <= 512; first += 56) {
      const sent = [first, ...Array(60).fill(1024)].map((size, index) => String(index % 10).repeat(size))
      for (const message of sent) await radio.send(message, { group })
      const received: [Buffer, { group: Buffer }][] = []
      // All that is there at a time, as far as one fetch goes.
      while (received.length < sent.length) received.push(...(await dish.receiveMany({ max: 256 })))
      expect(received.map(([body]) => String(body))).toEqual(sent)
      expect(new Set(received.map(([, told]) => String(told.group)))).toEqual(new Set([group]))
    }
  })

  it("take groups of 1 to 255 bytes, and large messages", async () => {
    const [radio, dish] = [open(Radio), open(Dish)]
    await join(radio, dish, transport)
    for (const length of [1, 14, 15, 16, 127, 128, 255]) {
      const group = "g".repeat(length)
      dish.join(group)
      expect(await untilReceived(radio, dish, "x".repeat(1000), group)).toEqual([
        Buffer.from("x".repeat(1000)),
        { group: Buffer.from(group) },
      ])
      await clear(dish)
    }
    const batch = Array.from(
      { length: 200 },
      (_, index) => [`${index}`.padEnd(1020), { group: "g".repeat(255) }] as const,
    )
    await radio.sendMany(batch)
    for (const [text] of batch) expect(String((await dish.receive())[0])).toBe(text)
  })
})

describe("a group", () => {
  it.each([undefined, null, 5, {}, ["g"]])("cannot be %s", async (group) => {
    const [radio, dish] = [open(Radio), open(Dish)]
    const error = expect.objectContaining({
      message: expect.stringMatching(/^Expected group to be a string or Buffer/),
    })
    expect(thrown(() => radio.send("x", { group } as never))).toEqual(error)
    expect(thrown(() => dish.join(group as never))).toEqual(error)
    expect(thrown(() => dish.leave(group as never))).toEqual(error)
  })

  it("cannot be empty, or longer than libzmq takes", () => {
    const [radio, dish] = [open(Radio), open(Dish)]
    for (const [group, problem] of [
      ["", "1 to 255 bytes long"],
      [Buffer.alloc(0), "1 to 255 bytes long"],
      ["g".repeat(256), "1 to 255 bytes long"],
      ["ü".repeat(128), "1 to 255 bytes long"],
      [Buffer.alloc(300, 1), "1 to 255 bytes long"],
      ["\0b", "1 to 255 bytes long"],
    ] as const) {
      const error = expect.objectContaining({
        name: "TypeError",
        message: expect.stringContaining(`Expected group to be ${problem}`),
      })
      expect(thrown(() => radio.send("x", { group }))).toEqual(error)
      expect(thrown(() => radio.trySend("x", { group }))).toEqual(error)
      expect(thrown(() => dish.join("fine", group))).toEqual(error)
    }
    dish.join("fine")
  })

  it("warns once in a process if it ends at a zero byte", async () => {
    const { status, stdout } = await runProgram(`
      const { Dish } = await import("ohmq/draft")
      process.on("warning", ({ code, message }) => code && console.log(code, message))
      const dish = new Dish()
      dish.join("a\\0b", "c\\0d")
      dish.leave("a", "c")
      await sleep(10)`)
    const text = "OHMQ_GROUP_CUT A group ends at its first zero byte; the rest of the name was ignored.\n"
    expect({ status, stdout }).toEqual({ status: 0, stdout: text })
  })

  it("is joined and left once", () => {
    const dish = open(Dish)
    dish.join("a", "b")
    expect(thrown(() => dish.join("a"))).toMatchObject({
      code: "EINVAL",
      message: 'This socket has already joined the group "a"',
    })
    dish.leave("a")
    expect(thrown(() => dish.leave("a"))).toMatchObject({
      code: "EINVAL",
      message: 'This socket has not joined the group "a"',
    })
    dish.join("a")
    dish.close()
    expect(thrown(() => dish.join("c"))).toMatchObject({ code: "EBADF" })
  })
})

describe("Radio and Dish over udp", () => {
  async function overUdp() {
    const [radio, dish] = [open(Radio), open(Dish)]
    const address = `udp://127.0.0.1:${await freePort()}`
    await dish.bind(address)
    radio.connect(address)
    return { radio, dish }
  }

  it("pass what was joined", async () => {
    const { radio, dish } = await overUdp()
    dish.join("news")
    expect(await untilReceived(radio, dish, "a", "news")).toEqual([Buffer.from("a"), { group: Buffer.from("news") }])
  })

  it("refuse what libzmq has no memory for", async () => {
    const { radio, dish } = await overUdp()
    const group = "g".repeat(127)
    dish.join(group)
    const tooLarge = expect.objectContaining({
      code: "EMSGSIZE",
      message: expect.stringContaining("too large for udp"),
    })
    for (const message of [Buffer.alloc(8192 - 127), "x".repeat(100_000), "ü".repeat(4050)]) {
      expect(thrown(() => radio.send(message, { group }))).toEqual(tooLarge)
    }
    expect(thrown(() => radio.send("x", { group: "g".repeat(128) }))).toEqual(tooLarge)
    expect(thrown(() => radio.sendMany([[Buffer.alloc(9000), { group }]]))).toEqual(tooLarge)
    const [part] = await eventually(async () => {
      await radio.send(Buffer.alloc(8192 - 128, "x"), { group })
      return dish.receive({ timeout: 10 })
    })
    expect(part.length).toBe(8192 - 128)
  })

  it("does not bind a Radio, or connect a Dish", async () => {
    const error = { code: "ENOCOMPATPROTO" }
    expect(await failure(() => open(Radio).bind("udp://127.0.0.1:5560"))).toMatchObject(error)
    expect(thrown(() => open(Dish).connect("udp://127.0.0.1:5560"))).toMatchObject(error)
  })
})

describe("a Radio", () => {
  it("drops what has no room, and waits with noDrop", async () => {
    for (const noDrop of [false, true]) {
      const radio = open(Radio, { noDrop, sendHighWaterMark: 1 })
      const dish = open(Dish, { receiveHighWaterMark: 1 })
      await join(radio, dish, "inproc")
      dish.join("g")
      await untilReceived(radio, dish, "x", "g")
      let sent = 0
      while (sent < 100 && radio.trySend(`${sent}`, { group: "g" })) sent += 1
      expect(sent === 100).toBe(!noDrop)
    }
  })
})
