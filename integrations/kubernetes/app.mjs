// An application that gives its events to the sidecar: node app.mjs. It sends one every OHMQ_EVERY ms (by default 10) until SIGTERM, prints the id
// of each that is on the sidecar's disk, and ends once all are.

import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"
import { Dealer } from "ohmq"
import { createEvent, encode } from "ohmq-toolkit/events"

const every = Number(process.env.OHMQ_EVERY ?? 10)
let isEnding = false
process.on("SIGTERM", () => {
  isEnding = true
})

// It connects when the socket is there, and again if the sidecar was restarted. With immediate, nothing is queued while there is no sidecar.
// The heartbeats are for an OHMQ_ENDPOINT that is a tcp:// address.
const dealer = new Dealer({
  immediate: true,
  sendTimeout: 500,
  receiveTimeout: 500,
  reconnectInterval: 50,
  heartbeatInterval: 5000,
  linger: 0,
})
dealer.connect(process.env.OHMQ_ENDPOINT ?? "ipc:///run/ohmq/relay.sock")

/** The sidecar's answer about an event. Throws EAGAIN if there is none in time. */
async function answerAbout(event) {
  for (;;) {
    const [answer, id, code, reason] = (await dealer.receive()).map(String)
    // Others are late, about events that were sent again.
    if (id === event.id || id === "") return { answer, code, reason }
  }
}

/** Resolves once the event is on the sidecar's disk. It keeps its id when it is sent again, so that a receiver recognises it. */
async function store(event) {
  for (;;) {
    try {
      await dealer.send(encode(event))
      const { answer, code, reason } = await answerAbout(event)
      if (answer === "stored") return
      if (code !== "FULL") throw new Error(`The sidecar refused ${event.id}: ${code} ${reason}`)
      await sleep(100)
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
      process.stderr.write(`No answer about ${event.id} yet: it is sent again\n`)
    }
  }
}

while (!isEnding) {
  const event = createEvent({ source: "/shop", type: "order.placed", data: { at: Date.now() } })
  await store(event)
  process.stdout.write(`${event.id}\n`)
  await sleep(every)
}
dealer.close()
