// What is visible on the wire: a relay records every byte between two sockets, in both directions, for each pair of types.

import { generateKeyPair, z85Decode } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"
import { good, Stage, serverKey } from "../../attacks/stage.mjs"
import { GROUP, types } from "../../attacks/types.mjs"
import { Cutter, greeting, nameOf } from "../../support/zmtp.mjs"

const BODY = "SECRET-BODY"
const PART = "SECRET-PART"
const TOPIC = "SECRET-TOPIC"
const NAME = "SECRET-NAME"
const META = "SECRET-META"
/** Properties that identify a peer in the handshake. */
const PROPERTIES = ["Socket-Type", "X-Secret", META]
const routed = ["Request", "Reply", "Dealer", "Router"]
const LENGTH = 1000

type Type = (typeof types)[number]

/** The secrets that two sockets of a pair exchange, and that NULL must show. */
function secretsOf({ name, client, draft }: Type): string[] {
  return [
    BODY,
    ...PROPERTIES,
    ...(draft ? [] : [PART]),
    ...(client === "Subscriber" || name === "Subscriber" ? [TOPIC] : []),
    ...(routed.includes(name) ? [NAME] : []),
    ...(name === "Radio" || name === "Dish" ? [GROUP] : []),
  ]
}

/** All bytes between a server and its client, which exchange messages, subscriptions, routing ids and metadata. */
async function record(type: Type, door: "guarded" | "null") {
  const optionsOf = (name: string) => ({
    metadata: { "X-Secret": META },
    ...(routed.includes(name) ? { routingId: NAME } : {}),
  })
  const stage = await Stage.set(type, door, {}, optionsOf(type.name))
  onTestFinished(() => stage.close())
  const relay = await stage.relay()
  const client = stage.client(good, { to: relay.endpoint, options: optionsOf(type.client) })
  for (const { socket } of [client, stage.server])
    if ("subscribe" in socket && !("send" in socket)) socket.subscribe(TOPIC)
  await stage.flow(client, BODY)
  const [from, to] = stage.ends(client)
  if (!type.draft) {
    await from.socket.send([`${TOPIC}|${BODY}`, PART])
    await to.until(() => to.having(PART).length > 0)
    expect(to.having(PART)).toHaveLength(1)
  } else await from.send("x".repeat(LENGTH))
  if (type.draft) await to.until(() => to.having("x".repeat(LENGTH)).length > 0)
  const [toServer, toClient] = [relay.bytes("toServer"), relay.bytes("toClient")]
  return { toServer, toClient, all: Buffer.concat([toServer, toClient]) }
}

it("shows the status of a denial", async () => {
  const pull = types.find(({ name }) => name === "Pull") as Type
  const stage = await Stage.set(pull, "guarded")
  onTestFinished(() => stage.close())
  const relay = await stage.relay()
  const denied = new Promise((resolve) => stage.authenticator?.once("denied", resolve))
  stage.client(generateKeyPair(), { to: relay.endpoint })
  await denied
  await relay.connections[0]?.closed
  const last = new Cutter().take(relay.bytes("toClient")).at(-1)
  expect(last?.body?.toString()).toBe("\x05ERROR\x03400")
})

const textsOf = (bytes: Buffer, secrets: string[]) => secrets.filter((secret) => bytes.includes(secret))

describe.each(types.map((type) => [`${type.client} to ${type.name}`, type] as const))("%s", (_, type) => {
  const secrets = secretsOf(type)

  it("shows its secrets without encryption", async () => {
    const { all } = await record(type, "null")
    expect(textsOf(all, secrets)).toEqual(secrets)
  })

  it("shows none of them with CURVE", async () => {
    const { all } = await record(type, "guarded")
    expect(all.length).toBeGreaterThan(1000)
    expect(textsOf(all, [...secrets, "SECRET", type.client.toUpperCase().slice(0, 6)])).toEqual([])
    // The long-term keys must not be visible either.
    expect(all.includes(z85Decode(good.publicKey))).toBe(false)
    expect(all.includes(z85Decode(serverKey.publicKey))).toBe(false)
  })

  it("shows only the greeting, command names and message sizes with CURVE", async () => {
    const { toServer, toClient } = await record(type, "guarded")
    for (const [bytes, name, begins, handshake] of [
      [toServer, type.client, type.begins === "client", ["HELLO", "INITIATE"]],
      [toClient, type.name, type.begins === "server", ["WELCOME", "READY"]],
    ] as const) {
      // The signature's padding contains the length of the routing id plus one.
      const expected = greeting("CURVE")
      expected[8] = routed.includes(name) ? NAME.length + 1 : 1
      expect(bytes.subarray(0, 64).toString("hex")).toBe(expected.toString("hex"))
      const frames = new Cutter().take(bytes).filter(({ body }) => body !== undefined)
      const names = frames.map(nameOf)
      expect(names.slice(0, 2)).toEqual(handshake)
      expect(names.slice(2).every((name) => name === "MESSAGE")).toBe(true)
      // Exact sizes are visible: CURVE adds 33 bytes.
      if (begins) expect(frames.map(({ body }) => body?.length)).toContain((type.draft ? LENGTH : PART.length) + 33)
    }
  })
})
