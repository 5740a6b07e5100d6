// The program of every contender with a server. Contenders differ in their connections:
//
//   topic(name)                  the topic that `publish` takes for this name; the name is "" without topics
//   subscribe(names, onMessage)  resolves when everything published from then on will arrive
//   publish(topic, body)         a promise if the sender should wait for it, otherwise undefined
//   answer()                     sends each request back
//   asker()                      resolves with a function that sends a request and resolves with the reply
//
// `windowed`: the server does not stop a fast publisher from overrunning a slow subscriber, so they use a window.

import { randomUUID } from "node:crypto"

import { announce, arguments_, counter, measure, measureLoop, result, roundTrips, waitForWord } from "./child.mjs"
import { reporter, Window } from "./window.mjs"

const { role, text, number } = arguments_

const size = number("size", 10)
const warmup = number("warmup", 1000)
const count = number("count", 100_000)
const receivers = number("subscribers", 1)

/** All topics, those subscribed to, and the ratio of published to received messages. */
function topics() {
  const names = (length) => Array.from({ length }, (_, index) => `t${index}`)
  if (text("topics") === "2of8") return { all: names(8), wanted: ["t2", "t5"], times: 4 }
  if (text("topics") === "10000") return { all: names(10_000), wanted: names(10_000), times: 1 }
  return { all: [""], wanted: [""], times: 1 }
}

/** Calls `connect` with an id that all connections of this measurement share. */
export async function runBroker(connect, { windowed }) {
  const newId = () => `bench-${randomUUID()}`
  const body = Buffer.alloc(size, "x")
  const credits = (id) => `${id}-credits`

  async function receive() {
    const id = newId()
    const control = windowed ? await connect(credits(id)) : undefined
    const receipts = control?.topic("")
    const counters = []
    for (let index = 0; index < receivers; index += 1) {
      const { take, seconds } = counter({ size, warmup, count })
      const report = windowed
        ? reporter(size, (received) => control.publish(receipts, Buffer.from(`${index} ${received}`)))
        : () => {}
      const connection = await connect(id)
      await connection.subscribe(topics().wanted, (message) => {
        take(message)
        report()
      })
      counters.push(seconds)
    }
    announce(id)
    const used = measureLoop()
    const seconds = Math.max(...(await Promise.all(counters)))
    result({ seconds, messages: count * receivers, ...used() })
  }

  async function send() {
    const id = text("endpoint")
    const window = windowed ? new Window(receivers, size) : undefined
    if (windowed) {
      const control = await connect(credits(id))
      await control.subscribe([""], (message) => window.heard(...message.toString().split(" ").map(Number)))
    }
    const connection = await connect(id)
    const { all, wanted, times } = topics()
    const targets = all.map((name) => ({ topic: connection.topic(name), arrives: wanted.includes(name) }))
    const sends = (warmup + count) * times
    const used = measure()
    for (let sent = 0; sent < sends; sent += 1) {
      const { topic, arrives } = targets[sent % targets.length]
      const ready = connection.publish(topic, body)
      if (ready !== undefined) await ready
      const room = arrives ? window?.sent() : undefined
      if (room !== undefined) await room
    }
    await waitForWord()
    result({ messages: sends, ...used() })
  }

  const roles = {
    sink: receive,
    source: send,
    subscribers: receive,
    publisher: send,

    async server() {
      const id = newId()
      const connection = await connect(id)
      await connection.answer()
      announce(id)
    },

    async client() {
      const connection = await connect(text("endpoint"))
      const ask = await connection.asker()
      result(
        await roundTrips({ warmup, count }, async () => {
          const answer = await ask(body)
          if (answer.length !== size)
            throw new Error(`Expected an answer of ${size} bytes, but received ${answer.length}`)
        }),
      )
    },
  }

  await roles[role]()
}

/** Requests and replies over two topics, for servers without such a pattern. `questions` and `answers` are two connections. */
export const byTopics = {
  async answer(questions, answers) {
    const topic = answers.topic("answer")
    await questions.subscribe(["question"], (body) => {
      answers.publish(topic, body)
    })
  },

  async asker(questions, answers) {
    let resolveAnswer
    await answers.subscribe(["answer"], (body) => resolveAnswer(body))
    const topic = questions.topic("question")
    return (body) =>
      new Promise((resolve) => {
        resolveAnswer = resolve
        questions.publish(topic, body)
      })
  },
}
