// Buildbot (Debian's packages buildbot and buildbot-worker), with the configuration that integrations/buildbot has.

import { execFile, execFileSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { run } from "../cli/commands.js"
import { gateConfig, gatePlace } from "../relay/gates.js"
import { startRelay } from "../relay/in-process.js"
import { command, freePort, temporaryFolder, until } from "../relay/support.js"
import { Daemon, isListening } from "./daemons.js"

const config = resolve(import.meta.dirname, "../../../integrations/buildbot/master.cfg")

/** A master and a worker of buildbot, in folders of their own. */
async function buildbot(folder: string, env: NodeJS.ProcessEnv) {
  const [workerPort, tryPort] = [await freePort(), await freePort()]
  const bin = join(folder, "bin")
  mkdirSync(bin)
  writeFileSync(join(bin, "ohmq"), `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`, { mode: 0o755 })
  const all = {
    ...process.env,
    ...env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    WORKER_PASSWORD: "a password of the worker",
    WORKER_PORT: `tcp:${workerPort}:interface=127.0.0.1`,
    TRY_PASSWORD: "a password of try",
    TRY_PORT: `tcp:${tryPort}:interface=127.0.0.1`,
  } as Record<string, string>
  const master = join(folder, "master")
  const create = (program: string, ...args: string[]) =>
    execFileSync(program, [...args], { cwd: folder, env: all, stdio: "pipe" })
  create("buildbot", "create-master", master)
  copyFileSync(config, join(master, "master.cfg"))
  create(
    "buildbot-worker",
    "create-worker",
    join(folder, "worker"),
    `127.0.0.1:${workerPort}`,
    "worker",
    all.WORKER_PASSWORD ?? "",
  )
  const running = new Daemon("buildbot", ["start", "--nodaemon", master], all)
  await running.until(() => isListening(tryPort))
  const worker = new Daemon("buildbot-worker", ["start", "--nodaemon", join(folder, "worker")], all)
  const log = join(folder, "worker", "twistd.log")
  await worker.until(() => existsSync(log) && readFileSync(log, "utf8").includes("Connected to"))
  writeFileSync(join(folder, "empty.diff"), "")
  /** Starts a build, and resolves to what `buildbot try` says at its end. */
  const build = async (subject: string) => {
    const args = [
      "try",
      "--connect=pb",
      `--master=127.0.0.1:${tryPort}`,
      "--username=ci",
      `--passwd=${all.TRY_PASSWORD}`,
    ]
    const what = [
      "--builder=deploy",
      "--diff=empty.diff",
      "--repository=shop",
      `--properties=subject=${subject}`,
      "--wait",
    ]
    const options = { cwd: folder, env: all }
    // A build that has failed is an error of the command.
    const { stdout } = await promisify(execFile)("buildbot", [...args, ...what], options).catch(
      (error: Error & { stdout: string }) => error,
    )
    return stdout
  }
  const end = async () => {
    await worker.end()
    await running.end()
  }
  return { build, end }
}

describe("buildbot", () => {
  it("stops a build whose gate is denied, and deploys one whose gate is allowed", { timeout: 120_000 }, async () => {
    const place = await gatePlace(temporaryFolder())
    const { folder, endpoint } = place
    await startRelay(folder, gateConfig(place.source()))
    const site = join(folder, "site")
    mkdirSync(site)
    writeFileSync(join(site, "deploy.sh"), "#!/bin/sh\necho deployed >> deployed\n", { mode: 0o755 })
    const deployed = () => existsSync(join(site, "deployed"))
    const master = await buildbot(folder, {
      OHMQ_RELAY: endpoint,
      OHMQ_CERT: join(folder, "ci.key_secret"),
      OHMQ_SERVER_CERT: join(folder, "relay.key"),
      DEPLOY_FOLDER: site,
    })
    const as = ["--to", endpoint, "--cert", "alice.key_secret", "--server-cert", "relay.key"]
    const decide = async (subject: string, word: string) => {
      const id = `deploy-head-${subject}`
      const open = async () =>
        JSON.parse((await run(folder, ["gate", "list", "--output", "json", ...as])).stdout) as { id: string }[]
      await until(async () => (await open()).some((request) => request.id === id))
      expect(await run(folder, ["gate", "decide", id, word, "--reason", "tested by hand", ...as])).toMatchObject({
        code: 0,
      })
    }
    const denied = master.build("v1")
    await decide("v1", "deny")
    expect(await denied).toMatch(/deploy: failure \(failed 'ohmq gate/)
    expect(deployed()).toBe(false)
    // The same again: nobody is asked, and the answer is the same.
    expect(await master.build("v1")).toMatch(/deploy: failure \(failed 'ohmq gate/)
    expect(deployed()).toBe(false)
    const allowed = master.build("v2")
    await decide("v2", "allow")
    expect(await allowed).toMatch(/deploy: success/)
    expect(deployed()).toBe(true)
    await master.end()
  })
})
