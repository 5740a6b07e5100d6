import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { command, freePort, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"

const toolkit = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(toolkit, "docs/relay.md"), "utf8")

describe("README.md", () => {
  it("has a quick start that works", async () => {
    const [, send = ""] = [...readFileSync(join(toolkit, "README.md"), "utf8").matchAll(/^```sh\n(.+?)^```/gms)].map(
      ([, text]) => text as string,
    )
    const folder = temporaryFolder()
    expect(ohmq(folder, "relay", "init").status).toBe(0)
    const file = join(folder, "relay.yaml")
    // As it stands, but for ports that may be in use.
    writeFileSync(file, readFileSync(file, "utf8").replace(":8080", ":0").replace(":5561", ":*"))
    const relay = await RelayProcess.start(folder)
    const program = send.replace("http://127.0.0.1:8080", relay.url).replace("cat events.ndjson", "")
    const run = () =>
      execFileSync("sh", ["-c", program], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    expect(run()).toBe('{"stored":1,"duplicates":0}\n')
    await until(
      () => existsSync(join(folder, "events.ndjson")) && readFileSync(join(folder, "events.ndjson"), "utf8") !== "",
    )
    expect(readFileSync(join(folder, "events.ndjson"), "utf8")).toContain('"type":"com.github.push"')
    expect(run()).toBe('{"stored":0,"duplicates":1}\n')
    const metrics = await (await fetch(`${relay.url}/metrics`)).text()
    const names = [...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)
    const listed = [...page.matchAll(/`((?:ohmq_relay|process)_\w+)`(?=[^\n]* \|)/g)].map(([, name]) => name)
    expect(new Set(listed.filter((name) => names.includes(name)))).toEqual(new Set(names))
    await relay.end()
  })
})

describe("README.md, to another host", () => {
  it("has commands that bring each delivery there, whatever is killed", async () => {
    const readme = readFileSync(join(toolkit, "README.md"), "utf8")
    const [, send = "", make = ""] = [...readme.matchAll(/^```sh\n(.+?)^```/gms)].map(([, text]) => text as string)
    const parent = temporaryFolder()
    const [folder, hubFolder] = [join(parent, "relay"), join(parent, "hub")]
    mkdirSync(folder)
    expect(ohmq(folder, "relay", "init").status).toBe(0)
    const port = await freePort()
    const program = make
      .replaceAll("npx ohmq", `"${process.execPath}" "${command}"`)
      .replace(/^.* relay run\n/m, "")
      .replace(":5570", `:${port}`)
    execFileSync("sh", ["-e", "-c", program], { cwd: folder, stdio: "ignore" })
    const file = join(folder, "relay.yaml")
    writeFileSync(
      file,
      readFileSync(file, "utf8")
        .replace(":8080", ":0")
        .replace(":5561", ":*")
        .replace("# hub:", "hub:")
        .replace(":5570", `:${port}`)
        .replace("to: [archive]", "to: [archive, hub]"),
    )
    let [hub, edge] = [await RelayProcess.start(hubFolder), await RelayProcess.start(folder)]
    const deliver = (id: number) =>
      execFileSync(
        "sh",
        ["-c", send.replace("http://127.0.0.1:8080", edge.url).replace("Delivery: 1", `Delivery: ${id}`)],
        { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
      )
    const arrived = () =>
      existsSync(join(hubFolder, "events.ndjson"))
        ? linesOf(join(hubFolder, "events.ndjson")).map(({ id, ohmqsender }) => `${id} ${ohmqsender}`)
        : []
    expect(deliver(2)).toContain('{"stored":1,"duplicates":0}')
    await until(() => arrived().length === 1)
    await hub.end("SIGKILL")
    expect(deliver(3)).toContain('{"stored":1,"duplicates":0}')
    await edge.end("SIGKILL")
    ;[hub, edge] = [await RelayProcess.start(hubFolder), await RelayProcess.start(folder)]
    expect(deliver(4)).toContain('{"stored":1,"duplicates":0}')
    await until(() => arrived().length === 3)
    expect(arrived()).toEqual(["2 edge", "3 edge", "4 edge"])
    await edge.end()
    await hub.end()
  })
})

describe("docs/relay.md", () => {
  it("has a configuration that is valid", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "relay.yaml"), /^```yaml\n(.+?)^```/ms.exec(page)?.[1] ?? "")
    expect(ohmq(folder, "relay", "check")).toMatchObject({ status: 0, stderr: "" })
  })
})
