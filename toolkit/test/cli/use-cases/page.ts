// The files of a page of docs/use-cases in a folder, as the page has them, with free ports.

import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { lintedFiles, lintFile } from "ohmq-toolkit/lint"
import { expect, onTestFinished } from "vitest"
import { command, env, freePort, temporaryFolder } from "../../relay/support.js"

const execute = promisify(execFile)
const toolkit = resolve(import.meta.dirname, "../../..")

export class Page {
  readonly folder = temporaryFolder()
  readonly files: string[] = []
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
    mkdirSync(join(this.folder, "node_modules"))
    symlinkSync(toolkit, join(this.folder, "node_modules", "ohmq-toolkit"), "junction")
    symlinkSync(resolve(toolkit, ".."), join(this.folder, "node_modules", "ohmq"), "junction")
    // The first line of a file is a comment with its name.
    for (const [, source = ""] of text.matchAll(/^```(?:js|yaml|conf)\n(.+?)^```/gms)) {
      const file = /^(?:\/\/|#) ([\w./-]+\.(?:mjs|yaml|conf))\b/.exec(source)?.[1]
      if (file === undefined) continue
      mkdirSync(join(this.folder, file, ".."), { recursive: true })
      writeFileSync(join(this.folder, file), source)
      this.files.push(file)
    }
  }

  /** Writes the files of `docs/use-cases/NAME.md`. */
  static async open(name: string): Promise<Page> {
    let text = readFileSync(join(toolkit, "docs/use-cases", `${name}.md`), "utf8")
    for (const port of new Set([...text.matchAll(/127\.0\.0\.1:(\d{4})\b/g)].map(([, port]) => port as string)))
      text = text.replaceAll(new RegExp(`\\b${port}\\b`, "g"), String(await freePort()))
    return new Page(text)
  }

  /** The text of a file. */
  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8")
  }

  /** What `ohmq lint` finds in the folder. */
  lint(): string[] {
    const files = lintedFiles([this.folder])
    expect(files.length).toBeGreaterThan(1)
    return files.flatMap((file) => lintFile(file).map(({ rule, line }) => `${file}:${line} ${rule}`))
  }

  /** The commands of the page, a text for each block. */
  get commands(): string[] {
    return [...this.#text.matchAll(/^```sh\n(.+?)^```/gms)].map(([, text]) => text as string)
  }

  /** What the page says that it prints, in its first block of text. */
  get printed(): string[] {
    return (/^```text\n(.+?)\n```/ms.exec(this.#text)?.[1] ?? "").split("\n")
  }

  /** Runs commands to their end, and returns what they print. */
  async run(commands: string): Promise<string> {
    const installed = commands.replaceAll("npx ohmq", `"${process.execPath}" "${command}"`)
    return (await execute("sh", ["-e", "-c", installed], { cwd: this.folder, env })).stdout
  }

  /** Starts a program of the page, in its folder. */
  start(file: string, args: string[] = [], more: Record<string, string> = {}): Program {
    return this.startIn([], file, args, more)
  }

  /** The same, by a command that gets the program as its arguments. */
  startIn(before: string[], file: string, args: string[] = [], more: Record<string, string> = {}): Program {
    const [program = "", ...rest] = [...before, process.execPath, basename(file), ...args]
    const cwd = join(this.folder, dirname(file))
    return new Program(spawn(program, rest, { cwd, env: { ...env, ...more } }))
  }
}

/** A program that runs, and what it has printed. */
export class Program {
  readonly child: ChildProcess
  readonly lines: string[] = []
  #errors = ""
  #isOver = false
  #seen: (() => void)[] = []

  constructor(child: ChildProcess) {
    this.child = child
    const wake = () => {
      for (const seen of this.#seen.splice(0)) seen()
    }
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(line)
      wake()
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text
    })
    child.once("close", () => {
      this.#isOver = true
      wake()
    })
    onTestFinished(() => this.end("SIGKILL").then(() => {}))
  }

  /** The first line that matches, once it is there. */
  async line(pattern: RegExp): Promise<string> {
    await this.until(() => this.lines.some((line) => pattern.test(line)))
    return this.lines.find((line) => pattern.test(line)) as string
  }

  /** Waits until what it has printed meets a condition. Throws if it ends before. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      if (this.#isOver) throw new Error(`The program has ended. It printed: ${this.lines.join("\n")}\n${this.#errors}`)
      await new Promise<void>((seen) => this.#seen.push(seen))
    }
  }

  /** Waits for its end, and returns what it printed. Throws if it failed. */
  async result(): Promise<string[]> {
    if (!this.#isOver) await once(this.child, "close")
    if (this.child.exitCode !== 0) throw new Error(`The program failed: ${this.lines.join("\n")}\n${this.#errors}`)
    return this.lines
  }

  /** Ends it, and returns the exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.#isOver) {
      const closed = once(this.child, "close")
      this.child.kill(signal)
      await closed
    }
    return this.child.exitCode
  }
}
