// Programs for ohmq/codec that are accepted.

import * as zmq from "ohmq"
import { type Codec, json, type MalformedMessageError, prefixed, text, type WithCodec, withCodec } from "ohmq/codec"
import * as draft from "ohmq/draft"

interface Finding {
  file: string
}

/** Fails to compile unless both types are the same. */
function same<A>() {
  return <B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) => {}
}

export async function values(signal: AbortSignal) {
  const push: WithCodec<zmq.Push, Finding> = withCodec(new zmq.Push({ linger: 0 }), json<Finding>())
  await push.send({ file: "a.js" }, { signal, timeout: 10 })
  await push.sendMany([{ file: "a.js" }])
  same<zmq.Push>()<typeof push.socket>()
  const pull = withCodec(
    new zmq.Pull(),
    json((value) => value as Finding),
  )
  same<Promise<Finding>>()<ReturnType<typeof pull.receive>>()
  for await (const { file } of pull) same<string>()<typeof file>()
  const loop = pull.messages({
    signal,
    timeout: 10,
    onMalformed: (error) => same<MalformedMessageError>()<typeof error>(),
  })
  same<zmq.Iteration<Finding>>()<typeof loop>()
  const { parts, cause }: MalformedMessageError & { cause?: unknown } = await pull.receive().then(
    () => Promise.reject(),
    (error) => error,
  )
  return [parts, cause]
}

export async function prefixes() {
  const subscriber = withCodec(new zmq.Subscriber(), prefixed(json<Finding>()))
  for await (const [topic, finding] of subscriber) same<[zmq.Message, Finding]>()<[typeof topic, typeof finding]>()
  const router = withCodec(new zmq.Router(), prefixed(text(), 2))
  const [id, empty, body] = await router.receive()
  same<[zmq.Message, zmq.Message, string]>()<[typeof id, typeof empty, typeof body]>()
  await router.send([id, null, "answer"])
  const own: Codec<number, string> = { encode: (value) => [value, null], decode: ([part]) => part?.length ?? 0 }
  const dealer = withCodec(new zmq.Dealer(), own)
  await dealer.send("text")
  same<number>()<Awaited<ReturnType<typeof dealer.receive>>>()
  const channel = withCodec(new draft.Channel(), text())
  await channel.send(await channel.receive())
}
