// A server that is started again whenever a file of it changes, always at the same address.

import zmq from "ohmq"
import { record } from "./adapter.js"
import { greeting } from "./greeting.js"

const reply = new zmq.Reply()
// The one before may not have ended yet.
for (let bound = false; !bound; ) {
  try {
    await reply.bind(process.env.OHMQ_TEST_ADDRESS)
    bound = true
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
record({ name: greeting, ended: true })
for await (const [question] of reply) await reply.send(`${greeting}, ${question}`)
