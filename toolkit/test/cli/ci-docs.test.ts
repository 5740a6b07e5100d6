import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { startRelay } from "../relay/in-process.js"
import { command, freePort, linesOf, temporaryFolder, until } from "../relay/support.js"
import { plainEnv, run } from "./commands.js"

const page = readFileSync(resolve(import.meta.dirname, "../../docs/ci.md"), "utf8")
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]+?)^\`\`\``, "gm"))].map(([, text]) => text as string)
const action = resolve(import.meta.dirname, "../../../integrations/github-action/action.yml")

describe("docs/ci.md", () => {
  it("has commands and a configuration that work", { timeout: 120_000 }, async () => {
    const [keys = "", send = "", ask = "", decide = "", sign = ""] = blocks("sh")
    const [config = ""] = blocks("yaml")
    const folder = temporaryFolder()
    const [events, gate] = [await freePort(), await freePort()]
    const asHere = (text: string) => text.replaceAll(":5562", `:${events}`).replaceAll(":5563", `:${gate}`)
    const shell = (program: string) =>
      promisify(execFile)(
        "sh",
        ["-e", "-c", `ohmq() { "${process.execPath}" "${command}" "$@"; }\n${asHere(program)}`],
        {
          cwd: folder,
          env: plainEnv,
        },
      )
    await shell(keys)
    await shell(sign)
    await startRelay(folder, asHere(config))
    expect((await shell(send)).stdout).toMatch(/^stored /)
    const as = ["--cert", "alice.key_secret", "--server-cert", "relay.key", "--to", `tcp://127.0.0.1:${gate}`]
    const open = async () =>
      JSON.parse((await run(folder, ["gate", "list", "--output", "json", ...as])).stdout) as { id: string }[]
    const asked = shell(ask.replace("--timeout 10m", "--timeout 10m --verify-key sign.pub"))
    await until(async () => (await open()).length === 1)
    const id = (await open())[0]?.id ?? ""
    const decided = await shell(decide.replace("ID allow", `${id} allow --sign-key sign.key --valid 24h`))
    expect(decided.stdout).toContain(`${id}\tdeploy.production\tv1.2.0\tci\t`)
    expect((await asked).stdout).toContain("allow deploy.production: tested by hand (by alice, signed with ")
    const types = () => linesOf(join(folder, "events.ndjson")).map(({ type }) => type)
    await until(() => types().length === 3)
    expect(types()).toEqual(["scan.finished", "gate.requested", "gate.decided"])

    const [asker = "", decider = ""] = blocks("js")
    mkdirSync(join(folder, "node_modules"))
    for (const [name, place] of Object.entries({ ohmq: "../../..", "ohmq-toolkit": "../.." }))
      symlinkSync(resolve(import.meta.dirname, place), join(folder, "node_modules", name), "junction")
    const program = (name: string, text: string) => {
      writeFileSync(join(folder, name), asHere(text))
      return promisify(execFile)(process.execPath, [name], { cwd: folder, env: plainEnv })
    }
    const said = (text: string) => `${/ \/\/ → (.*)/.exec(text)?.[1]}\n`
    const answered = program("ask.mjs", asker)
    await until(async () => (await open()).length === 1)
    expect((await program("decide.mjs", decider)).stdout).toBe(said(decider))
    expect((await answered).stdout).toBe(said(asker))
  })

  it("shows the statement as it is signed, decisions by a webhook as they are configured, and inputs that exist", async () => {
    const [statement = ""] = blocks("json")
    expect(JSON.parse(statement)).toMatchObject({ predicateType: "urn:x-ohmq:gate-decision:v1" })
    const hook = blocks("text").find((text) => text.startsWith("sources:")) ?? ""
    const [config = ""] = blocks("yaml")
    const [more, whole] = [parse(hook), parse(config)]
    const folder = temporaryFolder()
    const merged = {
      ...whole,
      http: { listen: "127.0.0.1:0" },
      sources: { ...whole.sources, ...more.sources },
      routes: [...whole.routes, ...more.routes],
      sinks: { ...whole.sinks, ...more.sinks },
    }
    delete merged.sources.scanners.security
    merged.sources.deploys = { type: "gate", bind: "tcp://127.0.0.1:5563" }
    writeFileSync(join(folder, "relay.yaml"), JSON.stringify(merged))
    expect(await run(folder, ["relay", "check"], { CHAT_SECRET: "a secret of at least this length" })).toMatchObject({
      code: 0,
      stderr: "",
    })
    const { inputs } = parse(readFileSync(action, "utf8")) as { inputs: object }
    const used = blocks("yaml")
      .filter((text) => text.includes("github-action"))
      .flatMap((text) => (parse(text) as { with?: object }[]).flatMap((step) => Object.keys(step.with ?? {})))
    expect(used.length).toBeGreaterThan(5)
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(used))
  })

  it("has the endpoints that integrations and helps have: one for events, one for gates", async () => {
    const { scanners, deploys } = (parse(blocks("yaml")[0] ?? "") as { sources: Record<string, { bind: string }> })
      .sources
    const portOf = (endpoint = "") => endpoint.split(":").at(-1) as string
    const [events, gate] = [portOf(scanners?.bind), portOf(deploys?.bind)]
    const portsIn = (text: string) => [...text.matchAll(/\btcp:\/\/[\w.-]+:(\d+)/g)].map(([, port]) => port)
    const steps = blocks("yaml").flatMap((text) => text.split(/^(?=- )/m))
    for (const text of [...steps, ...blocks("sh"), ...blocks("text")]) {
      const expected = /^ *gate: |ohmq gate/m.test(text) ? gate : events
      if (!text.startsWith("version: 1"))
        expect(
          portsIn(text).filter((port) => port !== expected),
          text,
        ).toEqual([])
    }
    const integrations = resolve(action, "../..")
    const found = readdirSync(integrations, { recursive: true, encoding: "utf8" })
      .filter((file) => /^(?!kubernetes).*\.\w+$|Jenkinsfile/.test(file))
      .map((file) => [file, portsIn(readFileSync(join(integrations, file), "utf8"))] as const)
      .filter(([, ports]) => ports.length > 0)
    expect(Object.fromEntries(found)).toEqual({
      "github-action/action.yml": [events, gate],
      "jenkins/vars/ohmqEmit.groovy": [events],
      "jenkins/vars/ohmqGate.groovy": [gate],
    })
    const helps = [["emit"], ["gate"], ["gate", "decide"], ["gate", "list"]].map(async (command) => {
      const { stdout } = await run(temporaryFolder(), [...command, "--help"])
      return [command.join(" "), portsIn(stdout)] as const
    })
    expect(await Promise.all(helps)).toEqual([
      ["emit", [events]],
      ["gate", [gate]],
      ["gate decide", [gate]],
      ["gate list", [gate]],
    ])
  })
})
