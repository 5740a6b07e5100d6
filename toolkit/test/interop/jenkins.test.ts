// The pipeline and the step for Jenkins, compiled and run by Groovy (Debian's package groovy), in the version that Jenkins has. The steps
// of Jenkins itself are in steps.groovy.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { run } from "../cli/commands.js"
import { gatePlace } from "../relay/gates.js"
import { startRelay } from "../relay/in-process.js"
import { command, freePort, linesOf, temporaryFolder, until } from "../relay/support.js"

const jenkins = resolve(import.meta.dirname, "../../../integrations/jenkins")
const report = resolve(import.meta.dirname, "../events/sarif/eslint.sarif")

/** A relay, and an agent of Jenkins that has what the pipeline needs. */
async function agent() {
  const place = await gatePlace(temporaryFolder())
  const { folder, endpoint } = place
  const events = `tcp://127.0.0.1:${await freePort()}`
  await startRelay(
    folder,
    `version: 1
store: { path: ./data }
sources:
  scanners: { type: zmq, socket: router, bind: "${events}", security: { cert: ./relay.key_secret, clients: ./clients } }
  deploys: ${place.source()}
routes:
  - { name: all, from: [scanners, deploys], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const bin = join(folder, "bin")
  const workspace = join(folder, "workspace")
  for (const one of [bin, workspace]) mkdirSync(one)
  const program = (file: string, text: string) => writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  program(join(bin, "ohmq"), `exec "${process.execPath}" "${command}" "$@"`)
  // The linter of the pipeline, whose report is that of another run.
  program(join(bin, "npx"), `cp "${report}" eslint.sarif`)
  program(join(workspace, "deploy.sh"), "echo deployed > deployed")
  // As Jenkins writes a credential.
  copyFileSync(join(folder, "ci.key_secret"), join(folder, "credential"))
  chmodSync(join(folder, "credential"), 0o644)
  const as = ["--to", endpoint, "--cert", "alice.key_secret", "--server-cert", "relay.key"]
  return {
    folder,
    deployed: () => existsSync(join(workspace, "deployed")),
    /** Runs a Jenkinsfile. */
    build: async (file: string) => {
      const child = spawn("groovy", [join(import.meta.dirname, "steps.groovy"), file, join(jenkins, "vars")], {
        cwd: workspace,
        env: {
          ...process.env,
          PATH: `${bin}${delimiter}${process.env.PATH}`,
          BUILD_URL: "https://jenkins.example.com/job/shop/7/",
          BUILD_NUMBER: "7",
          BRANCH_NAME: "it's main; echo $HOME",
          GIT_COMMIT: "abc",
          WORKSPACE: workspace,
          OHMQ_EVENTS: events,
          OHMQ_GATE: endpoint,
          OHMQ_SERVER_CERT: join(folder, "relay.key"),
          CREDENTIAL_ohmq: join(folder, "credential"),
        },
        stdio: ["ignore", "pipe", "pipe"],
      })
      let said = ""
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          said += text
        })
      const [code] = await once(child, "close")
      return { code, said }
    },
    /** Decides on the first request that waits, and resolves to its details. */
    decide: async (word: string) => {
      let open: { id: string }[] = []
      await until(async () => {
        open = JSON.parse((await run(folder, ["gate", "list", "--output", "json", ...as])).stdout) as { id: string }[]
        return open.length > 0
      })
      const [{ id } = { id: "" }] = open
      expect(await run(folder, ["gate", "decide", id, word, "--reason", "by hand", ...as])).toMatchObject({ code: 0 })
    },
  }
}

describe("integrations/jenkins", () => {
  it("has a pipeline that deploys only if the gate allows it", { timeout: 120_000 }, async () => {
    const { folder, build, decide, deployed } = await agent()
    // As it stands.
    const pipeline = join(jenkins, "Jenkinsfile")
    const denied = build(pipeline)
    await decide("deny")
    expect(await denied).toMatchObject({ code: 1, said: expect.stringContaining("script returned exit code 1") })
    expect(deployed()).toBe(false)
    const requests = linesOf(join(folder, "events.ndjson")).filter(({ type }) => type === "gate.requested")
    expect(requests).toMatchObject([
      {
        source: "https://jenkins.example.com/job/shop/7/",
        subject: "abc",
        ohmqsender: "ci",
        data: { request: "deploy.production", details: { branch: "it's main; echo $HOME", build: "7" } },
      },
    ])
    const file = join(folder, "Jenkinsfile")
    writeFileSync(file, readFileSync(pipeline, "utf8").replace("env.GIT_COMMIT", "'next'"))
    const allowed = build(file)
    await decide("allow")
    expect(await allowed).toMatchObject({ code: 0 })
    expect(deployed()).toBe(true)
    const events = linesOf(join(folder, "events.ndjson"))
    const findings = events.filter(({ type }) => type === "finding.reported")
    expect(new Set(findings.map(({ ohmqsender }) => ohmqsender))).toEqual(new Set(["ci"]))
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(["finding.reported", "gate.requested", "gate.decided"]),
    )
  })

  it("has a step that names a wrong option", async () => {
    const { folder, build } = await agent()
    const file = join(folder, "Jenkinsfile")
    writeFileSync(file, "ohmqGate request: 'deploy.production', to: env.OHMQ_GATE, timout: '1h'\n")
    expect(await build(file)).toMatchObject({
      code: 1,
      said: expect.stringContaining("ohmqGate: unknown option timout"),
    })
    writeFileSync(file, "ohmqGate request: 'deploy.production'\n")
    expect(await build(file)).toMatchObject({ code: 1, said: expect.stringContaining("ohmqGate: expected to") })
  })
})
