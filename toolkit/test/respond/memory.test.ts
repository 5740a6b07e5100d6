// What a responder remembers, and what it does when files are replaced, lost or changed.

import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { freePort, temporaryFolder } from "../relay/support.js"
import { configWith, endsOf, ForwardClock, startResponder, user } from "./support.js"

const config = configWith(`
actions:
  act: { type: exec, ${user}command: [echo, "{name}"], parameters: { name: text }, undo: { ${user}command: [echo, undo, "{name}"] } }
rules:
  - { name: all, when: "true", do: act, with: { name: data.name }, dedupe: { key: data.name, window: 1h }, expires: 1d }
`)

describe("A responder that is started again", () => {
  it.each([
    ["knows what it did", () => {}],
    ["knows it without its snapshot", (folder: string) => rmSync(join(folder, "data/respond/state.json"))],
    [
      "knows it with a broken snapshot",
      (folder: string) => writeFileSync(join(folder, "data/respond/state.json"), "{"),
    ],
  ])("%s", async (_, change) => {
    const folder = temporaryFolder()
    const first = await startResponder(config, { folder })
    await first.alert({ name: "a" })
    const [{ id } = { id: "" }] = await first.reached("active")
    await first.stop()
    change(folder)
    const second = await startResponder(config, { folder })
    expect(second.responder.list()).toMatchObject([{ id, status: "active", parameters: { name: "a" } }])
    await second.alert({ name: "a" })
    await second.recorded("response.suppressed")
    second.clock.forward(86_400_000)
    await second.reached("ended")
    expect(endsOf(await second.entries())).toEqual(["action done", "undo done"])
  })

  it("decides anew about a store that was replaced", async () => {
    const folder = temporaryFolder()
    const first = await startResponder(config, { folder })
    for (const name of ["a", "b"]) await first.alert({ name })
    await first.reached("active", 2)
    await first.stop()
    rmSync(join(folder, "data"), { recursive: true })
    const second = await startResponder(config, { folder })
    await second.alert({ name: "c" })
    await second.reached("active", 3)
    expect(await second.recorded("response.restarted")).toHaveLength(1)
    expect(endsOf(await second.entries())).toEqual(["action done", "action done", "action done"])
  })

  it("goes on with a new audit log, and says so", async () => {
    const folder = temporaryFolder()
    const first = await startResponder(config, { folder })
    await first.alert({ name: "a" })
    await first.reached("active")
    await first.stop()
    rmSync(join(folder, "audit"), { recursive: true })
    const second = await startResponder(config, { folder })
    expect(second.log.map(({ msg }) => msg)).toContain(
      "The audit log is not the one that the responder wrote last: it was replaced, or is an older copy",
    )
    expect(second.responder.list()).toMatchObject([{ status: "active" }])
    await second.alert({ name: "a" })
    await second.recorded("response.suppressed")
    await second.alert({ name: "b" })
    await second.reached("active", 2)
    await second.stop()
    const third = await startResponder(config, { folder })
    expect(third.responder.list()).toHaveLength(2)
  })

  it("never goes back in time", async () => {
    const folder = temporaryFolder()
    const ahead = new ForwardClock()
    ahead.forward(3600_000)
    const patient = config.replace("expires: 1d", "maxAge: 1d, expires: 1d")
    const first = await startResponder(patient, { folder, clock: ahead })
    await first.alert({ name: "a" })
    await first.reached("active")
    await first.stop()
    const second = await startResponder(patient, { folder })
    await second.alert({ name: "b" })
    await second.reached("active", 2)
    const times = (await second.entries()).map(({ time }) => time)
    expect(times).toEqual(times.toSorted())
  })
})

describe("A reload", () => {
  it("changes rules and actions, and keeps what is open", async () => {
    const respond = await startResponder(config)
    await respond.alert({ name: "a" })
    await respond.reached("active")
    writeFileSync(join(respond.folder, "rules.yaml"), config.replace("[echo, undo,", "[echo, changed,"))
    await respond.responder.reload()
    respond.clock.forward(86_400_000)
    await respond.reached("ended")
    const [, undo] = await respond.recorded("response.started", 2)
    expect(undo?.command).toEqual(["echo", "changed", "a"])
  })

  it("goes back if an action cannot be started, or something needs a restart", async () => {
    const [port, other] = [await freePort(), await freePort()]
    const publishing = (endpoint: number) =>
      configWith(`
actions:
  tell: { type: publish, socket: pub, bind: "tcp://127.0.0.1:${endpoint}" }
rules:
  - { name: all, when: "true", do: tell }
`)
    const taken = await startResponder(publishing(other))
    const respond = await startResponder(publishing(port))
    const file = join(respond.folder, "rules.yaml")
    writeFileSync(file, publishing(other))
    await expect(respond.responder.reload()).rejects.toThrow("Cannot start action tell: ")
    writeFileSync(file, publishing(port).replace("./audit", "./other"))
    await expect(respond.responder.reload()).rejects.toThrow("takes effect after a restart only")
    await respond.alert({})
    await respond.reached("ended")
    expect(endsOf(await respond.entries())).toEqual(["action done"])
    await taken.stop()
  })

  it("leaves what needs an action that is gone open, and undoes it once that is back", async () => {
    const respond = await startResponder(config)
    await respond.alert({ name: "a" })
    await respond.reached("active")
    const file = join(respond.folder, "rules.yaml")
    writeFileSync(file, config.replaceAll("act:", "acts:").replace("do: act,", "do: acts,"))
    await respond.responder.reload()
    respond.clock.forward(86_400_000)
    await respond.recorded("response.finished", 2)
    expect(respond.responder.list()).toMatchObject([
      { status: "active", outcome: "failed", reason: "There is no action act any more" },
    ])
    writeFileSync(file, config)
    await respond.responder.reload()
    respond.clock.forward(60_000)
    await respond.reached("ended")
    expect(endsOf(await respond.entries())).toEqual(["action done", "undo failed", "undo done"])
  })
})

describe("The status page", () => {
  it("approves in the name of whoever has logged in", async () => {
    Object.assign(process.env, { ALICE_TOKEN: "the token of alice", BOB_TOKEN: "the token of bob is another" })
    const respond = await startResponder(
      config
        .replace(
          'http: { listen: "127.0.0.1:0" }',
          'http: { listen: "127.0.0.1:0", page: true, people: { alice: env:ALICE_TOKEN, bob: env:BOB_TOKEN } }',
        )
        .replace("expires: 1d", "approve: { people: 2 }"),
    )
    await respond.alert({ name: "a" })
    const [{ id } = { id: "" }] = await respond.reached("waiting")
    const { address = "" } = respond.responder
    const page = `${address}/status/approvals/${id}`
    const decide = async (token: string) => {
      const login = await fetch(`${address}/status/login`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ token }),
        headers: { "sec-fetch-site": "same-origin" },
      })
      const cookie = login.headers
        .getSetCookie()
        .map((one) => one.split(";")[0])
        .join("; ")
      const form = await (await fetch(page, { headers: { cookie } })).text()
      const fields = Object.fromEntries(
        [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
          name,
          value,
        ]),
      )
      const answer = await fetch(page, {
        method: "POST",
        body: new URLSearchParams({ ...fields, decision: "approve" }),
        headers: { cookie, "sec-fetch-site": "same-origin" },
      })
      return { status: answer.status, text: await answer.text() }
    }
    const first = await decide("the token of alice")
    expect(first.text).toContain("needs 1 more approval, of other people")
    const again = await decide("the token of alice")
    expect(again).toMatchObject({ status: 409, text: expect.stringContaining("alice has approved") })
    expect((await decide("the token of bob is another")).status).toBe(200)
    await respond.reached("ended")
    expect((await respond.recorded("response.approved", 2)).map(({ by }) => by)).toEqual(["alice", "bob"])
  })
})
