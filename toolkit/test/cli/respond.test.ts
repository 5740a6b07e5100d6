import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { command, env, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { configWith, entriesOf, token, user } from "../respond/support.js"

const isRoot = process.getuid?.() === 0

/** Sends an alert, and waits until it was decided about. */
async function alert({ url }: RelayProcess, data: unknown, count: number, folder: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const { status } = await fetch(`${url}/alerts`, { method: "POST", body: JSON.stringify(data), headers })
  expect(status).toBe(202)
  await until(() => entriesOf(folder).filter(({ type }) => type === "response.decided").length === count)
}

/** Runs the command as another user. */
function ohmqAs(uid: number, folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
    uid,
    gid: uid,
  })
  return { status, stdout, stderr }
}

const rules = (approve: string, people = "") =>
  configWith(`
control: { socket: ./run/control.sock }
${people}
actions:
  act: { type: exec, ${user}command: [echo, "{name}"], parameters: { name: text }, undo: { ${user}command: [echo, undo] } }
rules:
  - { name: ask, when: "true", do: act, with: { name: data.name }, ${approve} }
`)

function folderFor(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "run"))
  for (const path of [folder, join(folder, "run")]) chmodSync(path, 0o755)
  return folder
}

describe("ohmq respond", () => {
  it("has a quick start that works", { timeout: 120_000 }, async () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/respond.md"), "utf8")
    const [, send = ""] = [...page.matchAll(/^```sh\n(.+?)^```/gms)].map(([, text]) => text as string)
    const folder = temporaryFolder()
    expect(ohmq(folder, "respond", "init")).toMatchObject({ status: 0, stderr: "" })
    expect(ohmq(folder, "respond", "init")).toMatchObject({ status: 2, stderr: "error: rules.yaml is there already\n" })
    expect(ohmq(folder, "respond", "check")).toEqual({
      status: 0,
      stderr: "",
      stdout: "rules.yaml is valid: 1 source, 1 action, 1 rule\n",
    })
    expect(ohmq(folder, "respond", "test")).toMatchObject({ status: 0, stderr: "" })
    expect(ohmq(folder, "respond", "list")).toEqual({
      status: 1,
      stdout: "",
      stderr: "error: The responder of rules.yaml does not run. Start it: ohmq respond run rules.yaml\n",
    })
    const file = join(folder, "rules.yaml")
    writeFileSync(file, readFileSync(file, "utf8").replace(":8081", ":0"))
    const responder = await RelayProcess.start(folder, undefined, "respond")
    const program = send
      .replace("http://127.0.0.1:8081", responder.url)
      .replace("npx ohmq", `"${process.execPath}" "${command}"`)
    const { stdout } = spawnSync("sh", ["-c", program], { cwd: folder, encoding: "utf8" })
    expect(stdout).toMatch(
      /^\{"stored":1,"duplicates":0\}\n?[0-9a-f]{16} .* scanners {2}block ip="198\.51\.100\.7" {2}dry run {2}from \/webhook\/alerts\n$/,
    )
    expect(await responder.end()).toBe(0)
  })

  it("asks people, and takes back what they want", { timeout: 120_000 }, async () => {
    const folder = folderFor()
    const responder = await RelayProcess.start(folder, rules("approve: required, expires: 1h"), "respond")
    expect(ohmq(folder, "respond", "pending").stdout).toBe("Nothing waits\n")
    expect(ohmq(folder, "respond", "list").stdout).toBe(
      "There are no responses. Alerts that led to nothing are in the audit log: ohmq audit export audit\n",
    )
    // What cannot be seen is shown.
    await alert(responder, { name: "one\u200b" }, 1, folder)
    const { stdout } = ohmq(folder, "respond", "pending")
    expect(stdout).toMatch(
      /^[0-9a-f]{16} .* ask {2}act name="one\\u\{200b\}" {2}waits for approval until \S+Z \(0 of 1\) {2}from \/webhook\/alerts\n$/,
    )
    const id = stdout.slice(0, 16)
    expect(ohmq(folder, "respond", "undo", id)).toMatchObject({
      status: 1,
      stderr: `error: The response ${id} has not run yet. To refuse it: ohmq respond refuse ${id}\n`,
    })
    expect(ohmq(folder, "respond", "approve", id)).toEqual({
      status: 0,
      stdout: `${id} is approved: it runs now\n`,
      stderr: "",
    })
    await until(() => ohmq(folder, "respond", "list").stdout.includes("done, expires"))
    expect(ohmq(folder, "respond", "undo", id)).toMatchObject({ status: 0, stderr: "" })
    await until(() => JSON.parse(ohmq(folder, "respond", "list", "--output", "json").stdout).status === "ended")
    expect(ohmq(folder, "respond", "list").stdout).toContain(`  undone by uid:${process.getuid?.()}  from `)
    await alert(responder, { name: "two" }, 2, folder)
    const second = ohmq(folder, "respond", "pending").stdout.slice(0, 16)
    expect(ohmq(folder, "respond", "refuse", second, "--reason", "a false\u001b[2J alarm")).toMatchObject({
      status: 0,
      stdout: `${second} is refused\n`,
    })
    const refused = () => entriesOf(folder).find(({ type }) => type === "response.refused")
    await until(() => refused() !== undefined)
    expect(refused()).toMatchObject({ id: second, by: `uid:${process.getuid?.()}`, reason: "a false\u001b[2J alarm" })
    expect(ohmq(folder, "respond", "list").stdout).toContain("a false\\u{1b}[2J alarm")
    expect(ohmq(folder, "respond", "approve", "x")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Expected the id of a response"),
    })
    expect(ohmq(folder, "respond", "approve", "0123456789abcdef")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("There is no response"),
    })
    expect(await responder.end()).toBe(0)
  })

  it("reaches a responder whose file has got mistakes since it started", { timeout: 120_000 }, async () => {
    const folder = folderFor()
    const right = rules("expires: 1h")
    const responder = await RelayProcess.start(folder, right, "respond")
    const file = join(folder, "rules.yaml")
    for (const [index, wrong] of [right.replace("when:", "wen:"), `${right}\n  - { name: "x`].entries()) {
      await alert(responder, { name: `alert ${index}` }, index + 1, folder)
      writeFileSync(file, wrong)
      const listed = () => ohmq(folder, "respond", "list", "--output", "json").stdout.trim().split("\n")
      await until(() => JSON.parse(listed()[0] ?? "{}").status === "active")
      const { id } = JSON.parse(listed()[0] ?? "{}")
      const undone = ohmq(folder, "respond", "undo", id)
      expect(undone).toMatchObject({ status: 0, stdout: `${id} will be undone: see ohmq respond list\n` })
      expect(undone.stderr).toMatch(
        /^warning: rules\.yaml has mistakes\. This command does not need what is wrong:\nrules\.yaml:\d+:\d+: /,
      )
      await until(() => JSON.parse(listed().at(-1) ?? "{}").undoAttempts === 1)
    }
    writeFileSync(file, right.replace("store:", "stor:").replace("control:", "contrl:"))
    expect(ohmq(folder, "respond", "list")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining('Unknown option "stor"'),
    })
    writeFileSync(file, right)
    expect(await responder.end()).toBe(0)
  })

  it.runIf(isRoot)("knows people by their user ids", { timeout: 120_000 }, async () => {
    const folder = folderFor()
    const people = "people: { alice: { uid: 65001 }, bob: { uid: 65002 } }"
    const responder = await RelayProcess.start(folder, rules("approve: { people: 2 }", people), "respond")
    await alert(responder, { name: "one" }, 1, folder)
    const id = ohmq(folder, "respond", "pending").stdout.slice(0, 16)
    expect(ohmq(folder, "respond", "approve", id)).toMatchObject({
      status: 1,
      stderr: "error: uid:0 is not in people, and may not decide\n",
    })
    expect(ohmqAs(65003, folder, "respond", "pending")).toMatchObject({
      status: 1,
      stderr: "error: The user id 65003 is not in people\n",
    })
    expect(ohmqAs(65001, folder, "respond", "approve", id)).toEqual({
      status: 0,
      stdout: `${id} is approved: 1 more approval needed\n`,
      stderr: "",
    })
    expect(ohmqAs(65001, folder, "respond", "approve", id)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`alice has approved ${id} already`),
    })
    expect(ohmqAs(65002, folder, "respond", "approve", id)).toMatchObject({
      status: 0,
      stdout: `${id} is approved: it runs now\n`,
    })
    expect(await responder.end()).toBe(0)
  })

  it("applies a changed file, and ignores a broken one", { timeout: 120_000 }, async () => {
    const folder = folderFor()
    const responder = await RelayProcess.start(folder, rules("expires: 1h"), "respond")
    const file = join(folder, "rules.yaml")
    await alert(responder, { name: "one" }, 1, folder)
    writeFileSync(file, rules("expires: 1x"))
    await responder.logged("The configuration was not reloaded; the responder goes on as before")
    await alert(responder, { name: "two" }, 2, folder)
    writeFileSync(file, rules("dryRun: true").replaceAll("act:", "acts:").replace("do: act", "do: acts"))
    await responder.logged("The configuration was reloaded")
    expect(await responder.logged("A response is open whose action is not configured any more")).toMatchObject({
      action: "act",
    })
    await alert(responder, { name: "three" }, 3, folder)
    const decided = entriesOf(folder).filter(({ type }) => type === "response.decided")
    expect(decided.map(({ decision, action }) => `${action} ${decision}`)).toEqual([
      "act run",
      "act run",
      "acts dry-run",
    ])
    expect(await responder.end()).toBe(0)
  })

  it("is run by one process at a time", { timeout: 120_000 }, async () => {
    const folder = folderFor()
    const responder = await RelayProcess.start(folder, rules("expires: 1h"), "respond")
    const second = ohmq(folder, "respond", "run")
    expect(second.status).toBe(1)
    expect(second.stderr).toContain("in use")
    expect(ohmq(folder, "respond", "list")).toMatchObject({ status: 0 })
    expect(await responder.end()).toBe(0)
  })

  it("cuts off what runs at a second signal, and records that", { timeout: 60_000 }, async () => {
    const folder = folderFor()
    const config = configWith(`
actions:
  act: { type: exec, ${user}command: [sleep, "1000"], timeout: 1h }
rules:
  - { name: all, when: "true", do: act }
`)
    const responder = await RelayProcess.start(folder, config, "respond", "--drain", "1h")
    await alert(responder, {}, 1, folder)
    await until(() => entriesOf(folder).some(({ type }) => type === "response.started"))
    const ended = responder.end()
    await responder.logged("The responder stops. A second signal ends it without waiting")
    await new Promise((done) => setTimeout(done, 500))
    responder.child.kill("SIGTERM")
    expect(await ended).toBe(0)
    expect(entriesOf(folder).at(-1)).toMatchObject({ type: "response.finished", outcome: "ambiguous" })
  })
})

describe("docs/respond.md", () => {
  it("has a configuration that is valid, and all metrics", { timeout: 120_000 }, async () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/respond.md"), "utf8")
    const folder = folderFor()
    writeFileSync(join(folder, "rules.yaml"), /^```yaml\n(version.+?)^```/ms.exec(page)?.[1] ?? "")
    writeFileSync(join(folder, "alerts.token"), "a token\n", { mode: 0o600 })
    expect(ohmq(folder, "respond", "check")).toMatchObject({ status: 0, stderr: "" })
    const responder = await RelayProcess.start(folder, rules("expires: 1h"), "respond")
    const metrics = await (await fetch(`${responder.url}/metrics`)).text()
    const names = [...metrics.matchAll(/^# TYPE (ohmq_respond_\w+)/gm)].map(([, name]) => name)
    expect(new Set([...page.matchAll(/^\| `(ohmq_respond_\w+)/gm)].map(([, name]) => name))).toEqual(new Set(names))
    expect(await responder.end()).toBe(0)
  })
})
