// Follows a chain node through @dashevo/dashd-zmq, across a restart of the node.

const assert = require("node:assert")
const { spawn } = require("node:child_process")
const { once } = require("node:events")
const path = require("node:path")
const { createRequire } = require("node:module")

const ZMQClient = createRequire(path.join(process.cwd(), "package.json"))("@dashevo/dashd-zmq")

const count = 20_000

async function main() {
  const script = path.join(__dirname, "chain-publisher.py")
  const node = spawn(process.env.PYTHON ?? "python3", [script, String(count)], { stdio: ["pipe", "pipe", "inherit"] })
  const exited = once(node, "exit")
  const limit = setTimeout(() => {
    node.kill("SIGKILL")
    process.stderr.write("Not every message arrived within 40 s\n")
    process.exit(1)
  }, 40_000)
  const [line] = await Promise.race([once(node.stdout, "data"), exited.then(() => assert.fail("The publisher exited"))])

  const client = await connected({ host: "127.0.0.1", port: String(line).trim() })
  const { rawtx, hashblock } = ZMQClient.TOPICS
  client.on("rawblock", () => assert.fail("rawblock was not subscribed to"))
  let rounds = 0
  const round = () => {
    const transactions = { next: 0 }
    const blocks = { next: 0 }
    const all = new Promise((resolve) => {
      const check = () => blocks.next === count && transactions.next === count && resolve()
      client.removeAllListeners(rawtx).on(rawtx, (body) => {
        const byte = (transactions.next++ % 256).toString(16).padStart(2, "0")
        assert.strictEqual(body, byte.repeat(250))
        check()
      })
      client.removeAllListeners(hashblock).on(hashblock, (body) => {
        const number = (blocks.next++).toString(16).padStart(8, "0")
        assert.strictEqual(body, number.repeat(8))
        check()
      })
    })
    rounds++
    node.stdin.write("go\n")
    return all
  }
  client.subscribe(rawtx)
  client.subscribe(hashblock)
  const began = performance.now()
  await round()
  const rate = (2 * count) / (performance.now() - began)

  const lost = once(client, "disconnect")
  const back = once(client, "handshake")
  node.stdin.write("restart\n")
  await lost
  await back
  await round()

  await client.close()
  node.stdin.end()
  assert.deepStrictEqual(await exited, [0, null])
  clearTimeout(limit)
  const done = `${rounds} times ${2 * count} messages, a restart of the node between`
  process.stdout.write(`${JSON.stringify({ done, figures: `${rate.toFixed(0)} messages a ms` })}\n`)
}

/**
 * A connected client. The package starts to observe its socket only after connecting it, so that it may miss the event and wait forever,
 * with any ZeroMQ. Then this tries again with a new client.
 */
async function connected(options) {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const client = new ZMQClient(options)
    // Without maxRetries, it closes its socket when the connection is lost.
    const done = client.connect({ maxRetries: 1000 }).then(() => true)
    if (await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 500))])) return client
    client.socket.close()
  }
  throw new Error("The client missed its connection 20 times")
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
