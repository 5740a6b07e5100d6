// The verbs of the patterns, with sockets of this package at the other end, and with each other.

import { Dealer, Pair, Publisher, Push, Reply, Request, Router, Subscriber, XSubscriber } from "ohmq"
import { describe, expect, it } from "vitest"

import { freeAddress, open, texts } from "../support/sockets.js"
import { ohmq, type Running, start } from "./support.js"

const any = "@tcp://127.0.0.1:*"

describe("pub and sub", () => {
  it("sub receives what begins with one of its topics", async () => {
    const pub = open(Publisher)
    await pub.bind(freeAddress("tcp"))
    const sub = start(["sub", pub.lastEndpoint as string, "--topic", "a", "--topic", "b.", "--count", "2"])
    const sending = setInterval(() => {
      for (const topic of ["c", "a1", "b", "b.2"]) void pub.send([topic, "x"])
    }, 10)
    const outcome = await sub.ended.finally(() => clearInterval(sending))
    expect(outcome).toMatchObject({ status: 0, stdout: "a1\tx\nb.2\tx\n" })
  })

  it("sub without topics receives everything", async () => {
    const pub = open(Publisher)
    await pub.bind(freeAddress("tcp"))
    const sub = start(["sub", pub.lastEndpoint as string, "--count", "1"])
    const sending = setInterval(() => void pub.send("any"), 10)
    expect(await sub.ended.finally(() => clearInterval(sending))).toMatchObject({ status: 0, stdout: "any\n" })
  })

  it("pub waits for subscribers, so that the first message is not lost", async () => {
    const pub = start(["pub", any, "--topic", "news.high", "--wait-peers", "2", "one", "two"])
    const endpoint = await pub.endpoint()
    await pub.until(/waiting for 2 subscribers/)
    const subscribers = [open(Subscriber), open(Subscriber)]
    for (const subscriber of subscribers) {
      subscriber.subscribe("news.")
      subscriber.connect(endpoint)
    }
    for (const subscriber of subscribers) {
      expect(texts(await subscriber.receive())).toEqual(["news.high", "one"])
      expect(texts(await subscriber.receive())).toEqual(["news.high", "two"])
    }
    expect((await pub.ended).status).toBe(0)
  })

  it("pub does not take a subscription to something else for one to its topic", async () => {
    const pub = start(["pub", any, "--topic", "news", "x", "--timeout", "300ms"])
    const subscriber = open(Subscriber)
    subscriber.subscribe("weather")
    subscriber.connect(await pub.endpoint())
    expect(await pub.ended).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("0 of 1 subscribers came within 300 ms"),
    })
  })

  it("pub --no-wait does not wait", async () => {
    expect(await ohmq(["pub", any, "--no-wait", "x"])).toMatchObject({ status: 0 })
  })

  it("pub delivers everything to a slow subscriber", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index} ${"x".repeat(100)}`)
    const pub = start(["pub", any, "--hwm", "10"])
    pub.child.stdin.end(lines.join("\n"))
    const subscriber = open(Subscriber, { receiveHighWaterMark: 10 })
    subscriber.subscribe("")
    subscriber.connect(await pub.endpoint())
    let received = 0
    for (const line of lines) {
      if (received % 5000 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      const [part] = await subscriber.receive()
      if (String(part) !== line) throw new Error(`Expected ${line}, but received ${part}`)
      received += 1
    }
    expect((await pub.ended).status).toBe(0)
  })
})

describe("req", () => {
  it("sends requests one after the other, and prints the replies", async () => {
    const reply = open(Reply)
    await reply.bind(freeAddress("tcp"))
    const serving = (async () => {
      for await (const [part] of reply) await reply.send(String(part).toUpperCase())
    })()
    const outcome = await ohmq(["req", reply.lastEndpoint as string], { input: "a\nb\nc\n" })
    expect(outcome).toMatchObject({ status: 0, stdout: "A\nB\nC\n", stderr: "" })
    reply.close()
    await serving
  })

  it("gives up after --timeout, with exit code 3", async () => {
    const reply = open(Reply)
    await reply.bind(freeAddress("tcp"))
    const outcome = await ohmq(["req", reply.lastEndpoint as string, "x", "--timeout", "200ms"])
    expect(outcome).toMatchObject({ status: 3, stdout: "", stderr: expect.stringContaining("within 200 ms") })
  })

  it("sends a request again if asked to", async () => {
    const router = open(Router)
    await router.bind(freeAddress("tcp"))
    const outcome = ohmq(["req", router.lastEndpoint as string, "x", "--timeout", "300ms", "--retries", "5"])
    await router.receive()
    const again = await router.receive()
    await router.send([...again.slice(0, -1), "late"])
    expect(await outcome).toMatchObject({ status: 0, stdout: "late\n", stderr: expect.stringContaining("again") })
  })
})

describe("rep and router", () => {
  /** Starts a verb, and gives a function that sends it a request. */
  async function serve(args: string[]): Promise<{ running: Running; ask: (...parts: string[]) => Promise<string[]> }> {
    const running = start(args)
    const request = open(Request)
    request.connect(await running.endpoint())
    const ask = async (...parts: string[]) => {
      await request.send(parts)
      return texts(await request.receive())
    }
    return { running, ask }
  }

  it.each(["rep", "router"])("%s echoes all parts", async (verb) => {
    const { ask, running } = await serve([verb, any, "--echo", "--count", "2"])
    expect(await ask("a", "", "c")).toEqual(["a", "", "c"])
    expect(await ask("b")).toEqual(["b"])
    expect(await running.ended).toMatchObject({ status: 0, stdout: "" })
  })

  it("replies with a text, and shows requests if an output is chosen", async () => {
    const { ask, running } = await serve(["rep", any, "--reply", "no {{count}}", "--output", "text", "--count", "2"])
    expect(await ask("a")).toEqual(["no 1"])
    expect(await ask("b", "c")).toEqual(["no 2"])
    expect((await running.ended).stdout).toBe("a\nb\tc\n")
  })

  it("replies with what a command prints", async () => {
    const input = await serve(["rep", any, "--exec", "tr a-z A-Z"])
    expect(await input.ask("one", "two")).toEqual(["ONE\nTWO"])
    const args = await serve(["rep", any, "--exec-args", 'printf "%s|" "$@"'])
    expect(await args.ask("a b", "$(id)", "")).toEqual(["a b|$(id)||"])
  })

  it("reports a command that fails or runs too long, and still replies", async () => {
    const failing = await serve(["rep", any, "--exec", "echo partly; exit 3"])
    expect(await failing.ask("x")).toEqual(["partly"])
    await failing.running.until(/it ended with 3/)
    const slow = await serve(["rep", any, "--exec", "sleep 60 & sleep 60", "--exec-timeout", "200ms"])
    expect(await slow.ask("x")).toEqual([""])
    await slow.running.until(/longer than --exec-timeout/)
  })

  it("router runs commands at the same time", async () => {
    const router = start(["router", any, "--exec", "read n; sleep $n; echo $n", "--parallel", "3"])
    const dealer = open(Dealer)
    dealer.connect(await router.endpoint())
    for (const seconds of ["0.9", "0.5", "0.1"]) await dealer.send(["", seconds])
    const replies: string[] = []
    for (let index = 0; index < 3; index += 1) replies.push(texts(await dealer.receive())[1] as string)
    expect(replies).toEqual(["0.1", "0.5", "0.9"])
  })

  it("rep takes replies from standard input", async () => {
    const { ask, running } = await serve(["rep", any])
    running.child.stdin.write("first\n")
    expect(await ask("q1")).toEqual(["first"])
    const second = ask("q2")
    await running.until(/q2/, "stdout")
    running.child.stdin.write("second\n")
    expect(await second).toEqual(["second"])
  })

  it("router without a way to reply shows routing ids and sends to them", async () => {
    const router = start(["router", any, "-o", "json", "-i", "json", "--count", "1"])
    const dealer = open(Dealer, { routingId: "worker-1" })
    dealer.connect(await router.endpoint())
    await dealer.send("ready")
    await router.until(/"parts":\["worker-1","ready"\]/, "stdout")
    router.child.stdin.end('{"parts": ["worker-1", "job"]}\n')
    expect(texts(await dealer.receive())).toEqual(["job"])
    expect((await router.ended).status).toBe(0)
  })
})

describe("the patterns that go both ways", () => {
  it("pair sends lines and prints what comes", async () => {
    const running = start(["pair", any, "--count", "2"])
    const pair = open(Pair)
    pair.connect(await running.endpoint())
    running.child.stdin.end("one\ntwo\n")
    expect(texts(await pair.receive())).toEqual(["one"])
    expect(texts(await pair.receive())).toEqual(["two"])
    await pair.send("three")
    await pair.send(["four", "parts"])
    expect(await running.ended).toMatchObject({ status: 0, stdout: "three\nfour\tparts\n" })
  })

  it("xpub prints subscriptions, xsub subscribes", async () => {
    const running = start(["xpub", any, "--count", "1", "-o", "json"])
    const xsub = open(XSubscriber)
    xsub.connect(await running.endpoint())
    await xsub.send("\u0001news")
    expect(JSON.parse((await running.ended).stdout).parts).toEqual(["\u0001news"])
    const pub = open(Publisher)
    await pub.bind(freeAddress("tcp"))
    const other = start(["xsub", pub.lastEndpoint as string, "--topic", "n", "--count", "1"])
    const sending = setInterval(() => void pub.send("news"), 10)
    expect(await other.ended.finally(() => clearInterval(sending))).toMatchObject({ status: 0, stdout: "news\n" })
  })

  it.each([
    ["gather", "scatter"],
    ["channel", "channel"],
    ["peer", "peer"],
    ["server", "client"],
  ])("%s receives what %s sends (draft)", async (to, from) => {
    const receiver = start([to, any, "--count", "1", "-o", "json"])
    const sent = await ohmq([
      from,
      await receiver.endpoint(),
      "hello",
      ...(from === "scatter" ? [] : ["--duration", "300ms"]),
    ])
    expect(sent).toMatchObject({ status: 0, stderr: "" })
    expect(JSON.parse((await receiver.ended).stdout).parts).toEqual(["hello"])
  })

  it("server --echo answers clients (draft)", async () => {
    const server = start(["server", any, "--echo"])
    const outcome = await ohmq(["client", await server.endpoint(), "hello", "--count", "1"])
    expect(outcome).toMatchObject({ status: 0, stdout: "hello\n" })
  })

  it("dish receives the groups that it joined (draft)", async () => {
    const dish = start(["dish", any, "--group", "a", "--group", "b", "--count", "2", "-o", "json"])
    const endpoint = await dish.endpoint()
    for (const group of ["c", "b", "a"]) {
      expect(await ohmq(["radio", endpoint, "--group", group, `to ${group}`])).toMatchObject({ status: 0, stderr: "" })
    }
    const messages = (await dish.ended).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(messages).toMatchObject([
      { group: "b", parts: ["to b"] },
      { group: "a", parts: ["to a"] },
    ])
  })

  it("sets any option of the socket, and its high-water marks", async () => {
    const push = open(Push)
    await push.bind(freeAddress("tcp"))
    const named = start(["dealer", push.lastEndpoint as string, "--option", "routingId=me", "--hwm", "5"])
    await named.until(/^$/)
    const router = open(Router)
    await router.bind(freeAddress("tcp"))
    const outcome = ohmq([
      "dealer",
      router.lastEndpoint as string,
      "--option",
      "routingId=me",
      "x",
      "--duration",
      "200ms",
    ])
    expect(texts(await router.receive())).toEqual(["me", "x"])
    expect((await outcome).status).toBe(0)
  })

  it("uses several endpoints, bound and connected", async () => {
    const pull = start(["pull", any, any, "--count", "2"])
    await pull.until(/bound to .*\n.*bound to .*\n/s)
    const endpoints = [...pull.stderr.matchAll(/bound to (\S+)/g)].map(([, endpoint]) => endpoint as string)
    expect(await ohmq(["push", ...endpoints, "a", "b"])).toMatchObject({ status: 0 })
    expect((await pull.ended).stdout.split("\n").sort()).toEqual(["", "a", "b"])
  })
})
