// The steps of integrations/kubernetes/Dockerfile, and those of the README before it, in folders instead of images. What they leave is run by a user who cannot write to it. The
// base images, Alpine's packages and the addon for musl are not tested here.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"
import { createInterface } from "node:readline"

import { generateKeyPair } from "ohmq/security"
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { freePort } from "../support/free-ports.js"
import { packPackage } from "../support/package.js"
import { root, runCommand } from "../support/process.js"
import { npm } from "../support/toolchains.js"

vi.setConfig({ testTimeout: 120_000, hookTimeout: 400_000 })

const integration = path.join(root, "integrations/kubernetes")
const read = (name: string) => readFileSync(path.join(integration, name), "utf8")

type Step = [instruction: string, rest: string]

/** The instructions of each stage of a Dockerfile. */
const stagesOf = (dockerfile: string): Step[][] =>
  dockerfile
    .split(/^FROM .*$/m)
    .slice(1)
    .map((stage) =>
      [...stage.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, instruction, rest]) => [instruction, rest] as Step),
    )

/** Runs a line of the Dockerfile or of the README. */
async function run(line: string, cwd: string): Promise<void> {
  const env = { npm_config_prefer_offline: "true", npm_config_audit: "false", npm_config_fund: "false" }
  const { status, stderr } = await runCommand("sh", ["-ec", line], { cwd, timeout: 300_000, env })
  if (status !== 0) throw new Error(`${line}\n${stderr}`)
}

const base = sharedFolder()
const folder = (name: string) => path.join(base, name)
const [install = [], last = []] = stagesOf(read("Dockerfile"))

/** Copies what an instruction says, from a folder into another one that stands for the root of an image. */
async function copy(rest: string, from: string, to: string, workingFolder = "/"): Promise<void> {
  const names = rest.split(" ")
  const target = path.join(to, path.resolve(workingFolder, names.pop() ?? ""))
  mkdirSync(path.dirname(target), { recursive: true })
  if (rest.endsWith("/")) mkdirSync(target, { recursive: true })
  // By the shell, because there are patterns.
  await run(`cp -R ${names.map((name) => path.posix.join(".", name)).join(" ")} ${target}`, from)
}

beforeAll(async () => {
  for (const name of ["context", "install", "image"]) mkdirSync(folder(name))
  chmodSync(base, 0o755)
  // As `npm pack` does it.
  cpSync(await packPackage(base), folder("context/ohmq-0.1.0.tgz"))
  const packed = await npm(
    ["pack", "--ignore-scripts", "--pack-destination", folder("context")],
    path.join(root, "toolkit"),
  )
  if (packed.status !== 0) throw new Error(packed.stderr)
  for (const name of ["Dockerfile", "start.sh"]) cpSync(path.join(integration, name), folder(`context/${name}`))
  await run(/^npm init .*$/m.exec(read("README.md"))?.[0] ?? "exit 1", folder("context"))

  let workingFolder = "/"
  for (const [instruction, rest] of install) {
    if (instruction === "WORKDIR") workingFolder = rest
    else if (instruction === "COPY") await copy(rest, folder("context"), folder("install"), workingFolder)
    else if (instruction === "RUN") await run(rest, path.join(folder("install"), workingFolder))
    else throw new Error(`The test does not know ${instruction}`)
  }
  for (const [instruction, rest] of last) {
    // This machine's node is used.
    if (instruction !== "COPY" || rest.includes("/bin/node")) continue
    const isStage = rest.startsWith("--from=install ")
    await copy(rest.replace("--from=install ", ""), folder(isStage ? "install" : "context"), folder("image"))
  }
  await run("chmod -R a-w .", folder("image"))
})

// It can be removed again.
afterAll(() => run("chmod -R u+w .", folder("image")))

describe.runIf(process.platform === "linux")("the image of the sidecar", () => {
  it("has the packages that run, and nothing that builds or tests", () => {
    expect(readdirSync(folder("image/app")).sort()).toEqual(["node_modules", "start.sh"])
    const modules = readdirSync(folder("image/app/node_modules"))
    expect(modules).toEqual(expect.arrayContaining(["ohmq", "ohmq-toolkit", "fastify"]))
    for (const name of ["vitest", "typescript", "lmdb", "playwright-core", "cmake-js"])
      expect(modules).not.toContain(name)
  })

  it("runs as a user who cannot write to it, and stores what an application sends", async () => {
    const [uid] = /^\d+/.exec(last.find(([instruction]) => instruction === "USER")?.[1] ?? "") ?? []
    const isRoot = process.getuid?.() === 0
    for (const name of ["run", "store", "secret", "app"]) mkdirSync(folder(name), { mode: 0o755 })
    for (const name of isRoot ? ["run", "store"] : []) chownSync(folder(name), Number(uid), Number(uid))
    const [hub, edge] = [generateKeyPair({ name: "hub" }), generateKeyPair({ name: "shop" })]
    await hub.public.save(folder("secret/hub.key"))
    await edge.save(folder("secret/edge.key"))
    if (isRoot) chownSync(folder("secret/edge.key_secret"), Number(uid), Number(uid))
    const config = read("base/relay.yaml")
      .replaceAll("/run/ohmq", folder("run"))
      .replaceAll("/var/lib/ohmq", folder("store"))
      .replace("127.0.0.1:9460", `127.0.0.1:${await freePort()}`)
      // The hub is away.
      .replace("ohmq-hub:5570", `127.0.0.1:${await freePort()}`)
    writeFileSync(folder("relay.yaml"), config)
    symlinkSync(folder("image/app/node_modules"), folder("app/node_modules"))
    cpSync(path.join(integration, "app.mjs"), folder("app/app.mjs"))

    const start = (program: string[], env: Record<string, string>) => {
      const as = isRoot
        ? ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups", "--bounding-set=-all"]
        : []
      const [file = "", ...args] = [...as, ...program]
      const child = spawn(file, args, { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] })
      onTestFinished(() => void child.kill("SIGKILL"))
      return child
    }
    const [status] = await once(start(["touch", folder("image/app/new")], {}), "exit")
    expect(status).not.toBe(0)
    const [entry = ""] = JSON.parse(last.find(([instruction]) => instruction === "ENTRYPOINT")?.[1] ?? "[]")
    const relay = start([path.join(folder("image"), entry)], {
      OHMQ_KEYS: folder("run/keys"),
      OHMQ_SECRET: folder("secret"),
      OHMQ_CONFIG: folder("relay.yaml"),
      OHMQ_COMMAND: folder("image/app/node_modules/ohmq/dist/cli/main.js"),
      OHMQ_DRAIN: "0s",
    })
    let said = ""
    for await (const line of createInterface({ input: relay.stderr })) {
      said += `${line}\n`
      if (line.includes("The relay takes events")) break
    }
    expect(said).toContain("The relay takes events")
    relay.stderr.resume()
    const app = start([process.execPath, folder("app/app.mjs")], { OHMQ_ENDPOINT: `ipc://${folder("run")}/relay.sock` })
    let stored = 0
    for await (const _ of createInterface({ input: app.stdout })) if (++stored === 20) break
    expect(stored).toBe(20)
    const ended = Promise.all([once(app, "exit"), once(relay, "exit")])
    app.stdout.resume()
    app.kill("SIGTERM")
    relay.kill("SIGTERM")
    expect((await ended).map(([code]) => code)).toEqual([0, 0])
  })
})
