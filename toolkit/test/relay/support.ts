import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHmac } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { onTestFinished } from "vitest"

export const command = resolve(import.meta.dirname, "../../../dist/cli/main.js")

export const githubSecret = "it's a secret to everybody"
export const standardSecret = `whsec_${Buffer.from("a key of at least 24 bytes").toString("base64")}`
export const env: NodeJS.ProcessEnv = { ...process.env, GITHUB_SECRET: githubSecret, STANDARD_SECRET: standardSecret }

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-relay-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the command to its end. */
export function ohmq(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  })
  return { status, stdout, stderr }
}

interface LogLine {
  msg: string
  [name: string]: unknown
}

/** The value of a metric in the text that Prometheus reads. */
export function metricIn(text: string, name: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

interface GithubOptions {
  event?: string
  secret?: string
}

/** Sends a delivery as GitHub does. */
export function sendGithub(
  url: string,
  body: string,
  id: string,
  { event = "push", secret = githubSecret }: GithubOptions = {},
): Promise<Response> {
  const signature = createHmac("sha256", secret).update(body).digest("hex")
  return fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${signature}`,
    },
  })
}

/** A relay in a process of its own. */
export class RelayProcess {
  readonly child: ChildProcess
  readonly log: LogLine[] = []
  url = ""
  #seen: (() => void)[] = []

  private constructor(folder: string, verb: "relay" | "respond", args: readonly string[]) {
    this.child = spawn(process.execPath, [command, verb, "run", ...args], {
      cwd: folder,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    })
    onTestFinished(() => {
      this.child.kill("SIGKILL")
    })
    let rest = ""
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) this.log.push(line.startsWith("{") ? JSON.parse(line) : { msg: line })
      for (const seen of this.#seen.splice(0)) seen()
    })
    this.child.once("exit", () => {
      for (const seen of this.#seen.splice(0)) seen()
    })
  }

  /** Starts the relay of `relay.yaml` in a folder, or the responder of `rules.yaml`. */
  static async start(
    folder: string,
    config?: string,
    verb: "relay" | "respond" = "relay",
    ...args: string[]
  ): Promise<RelayProcess> {
    const file = join(folder, verb === "relay" ? "relay.yaml" : "rules.yaml")
    if (config !== undefined) writeFileSync(file, config)
    const relay = new RelayProcess(folder, verb, args)
    if (verb === "respond") await relay.logged("The responder takes alerts")
    relay.url = String((await relay.logged("The relay takes events")).http)
    return relay
  }

  /** A line of the log with this message. */
  async logged(message: string): Promise<LogLine> {
    for (;;) {
      const line = this.log.find(({ msg }) => msg.includes(message))
      if (line) return line
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`The relay has ended. Its log: ${JSON.stringify(this.log)}`)
      await new Promise<void>((seen) => this.#seen.push(seen))
    }
  }

  /** Ends it, and resolves to the exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    const exited = once(this.child, "exit")
    this.child.kill(signal)
    const [code] = await exited
    return code as number | null
  }

  /** Sends a delivery as GitHub does. */
  github(body: string, id: string, { path = "/github", ...options }: GithubOptions & { path?: string } = {}) {
    return sendGithub(this.url + path, body, id, options)
  }

  /** The value of a metric. */
  async metric(name: string): Promise<number | undefined> {
    return metricIn(await (await fetch(`${this.url}/metrics`)).text(), name)
  }
}

export interface Line {
  id: string
  type: string
  source: string
  data: unknown
  ohmqsender?: string
}

/** The events in a file of lines. Throws if one is torn. */
export const linesOf = (file: string): Line[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 20))
}

export const basic = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
routes:
  - { name: all, from: [hooks], when: 'type != "com.github.ping"', to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

/** A port that is free now, at an address of this machine. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, host, done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
