import { join } from "node:path"
import { Request } from "ohmq"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../relay/support.js"
import { configWith, endsOf, ForwardClock, type Respond, startResponder, user } from "./support.js"

const config = (approve: string) =>
  configWith(`
people: { alice: { uid: 1001 }, bob: { uid: 1002 }, carol: { uid: 1003 } }
actions:
  act: { type: exec, ${user}command: [echo, "{name}"], parameters: { name: { type: enum, values: [a, b] } }, undo: { ${user}command: [echo, undo] } }
rules:
  - { name: ask, when: "true", do: act, with: { name: data.name }, approve: ${approve} }
`)

/** Waits for a response that waits for approval, and resolves to its id. */
const waiting = async ({ alert, reached }: Respond): Promise<string> => {
  await alert({ name: "a" })
  const [response] = await reached("waiting")
  return response?.id ?? ""
}

describe("Approval", () => {
  it("lets a response run, and says who approved", async () => {
    const respond = await startResponder(config("required"))
    const id = await waiting(respond)
    expect(respond.responder.pending()).toMatchObject([{ id, command: ["echo", "a"], approval: { people: 1 } }])
    expect(await respond.responder.approve(id, "alice")).toBe(0)
    await respond.reached("ended")
    expect((await respond.entries()).map(({ type, by }) => [type, by])).toEqual([
      ["response.decided", undefined],
      ["response.approved", "alice"],
      ["response.started", undefined],
      ["response.finished", undefined],
    ])
    expect(respond.responder.pending()).toEqual([])
    await expect(respond.responder.approve(id, "bob")).rejects.toThrow(
      `The response ${id} does not wait for approval: it is ended`,
    )
  })

  it("takes two different people, also if both come at once, and over a restart", async () => {
    const folder = temporaryFolder()
    const two = config("{ people: 2 }")
    const first = await startResponder(two, { folder })
    const id = await waiting(first)
    const twice = await Promise.allSettled([first.responder.approve(id, "alice"), first.responder.approve(id, "alice")])
    expect(twice.map(({ status }) => status)).toEqual(["fulfilled", "rejected"])
    expect(twice[0]).toMatchObject({ value: 1 })
    expect(twice[1]).toMatchObject({
      reason: { name: "ApprovalError", message: `alice has approved ${id} already. It needs 2 different people` },
    })
    await first.stop()
    const second = await startResponder(two, { folder })
    expect(second.responder.pending()).toMatchObject([{ id, approvals: ["alice"] }])
    await expect(second.responder.approve(id, "alice")).rejects.toThrow("already")
    expect(await second.responder.approve(id, "bob")).toBe(0)
    await second.reached("ended")
    expect(endsOf(await second.entries())).toEqual(["action done"])
  })

  it("is asked about by any REQ socket, and a request that is none has an error as its answer", async () => {
    const respond = await startResponder(config("required"))
    const id = await waiting(respond)
    const endpoint = `ipc://${join(respond.folder, "data/respond.sock")}`
    for (const correlate of [false, true]) {
      using socket = new Request({ correlate, receiveTimeout: 5000, linger: 0 })
      socket.connect(endpoint)
      const answerTo = async (...frames: string[]) => {
        await socket.send(frames)
        return JSON.parse(String((await socket.receive())[0]))
      }
      expect(await answerTo('{"command":"pending"}')).toMatchObject({ ok: true, result: [{ id }] })
      const error = "A request is one frame of JSON, but 2 frames came"
      expect(await answerTo('{"command":"pending"}', "more")).toEqual({ ok: false, error })
    }
  })

  it("is refused by a person", async () => {
    const respond = await startResponder(config("required"))
    const id = await waiting(respond)
    await respond.responder.refuse(id, "bob", "a false alarm")
    expect(respond.responder.list()).toMatchObject([
      { status: "ended", outcome: "refused", reason: "bob: a false alarm" },
    ])
    await expect(respond.responder.approve(id, "alice")).rejects.toThrow("it is ended")
    await expect(respond.responder.refuse(id, "alice", "")).rejects.toThrow("it is ended")
    expect(endsOf(await respond.entries())).toEqual([])
  })

  it("is refused when its time is over, also if nobody looked", async () => {
    const folder = temporaryFolder()
    const clock = new ForwardClock()
    const first = await startResponder(config("{ timeout: 10m }"), { folder, clock })
    const id = await waiting(first)
    await first.stop()
    clock.forward(600_000)
    const second = await startResponder(config("{ timeout: 10m }"), { folder, clock })
    await second.reached("ended")
    expect(await second.recorded("response.refused")).toMatchObject([{ id, by: "time limit" }])
    await expect(second.responder.approve(id, "alice")).rejects.toThrow("it is ended")
  })

  it("takes only those that the rule lists", async () => {
    const respond = await startResponder(config("{ by: [alice, bob] }"))
    const id = await waiting(respond)
    await expect(respond.responder.approve(id, "carol")).rejects.toThrow(
      "carol may not approve what the rule ask does. These may: alice, bob",
    )
    await respond.responder.approve(id, "bob")
    await respond.reached("ended")
  })

  it("names a response that is not there", async () => {
    const { responder } = await startResponder(config("required"))
    for (const call of [
      responder.approve("0123456789abcdef", "alice"),
      responder.undo("x", "alice"),
      responder.refuse("", "alice", ""),
    ])
      await expect(call).rejects.toThrow("There is no response ")
  })
})

describe("Undoing by hand", () => {
  it("undoes what is done, once", async () => {
    const respond = await startResponder(config("required"))
    const id = await waiting(respond)
    await expect(respond.responder.undo(id, "alice")).rejects.toThrow("has not run yet")
    await respond.responder.approve(id, "alice")
    await respond.reached("ended")
    await respond.responder.undo(id, "bob")
    await respond.recorded("response.finished", 2)
    await respond.reached("ended")
    expect(endsOf(await respond.entries())).toEqual(["action done", "undo done"])
    await expect(respond.responder.undo(id, "bob")).rejects.toThrow(
      `There is nothing to undo: the response ${id} has ended as undone`,
    )
  })
})
