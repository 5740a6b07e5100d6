// The completion scripts, in real shells: what is typed, a tab, and what the shell then runs.

import { mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { folder } from "../security/support.js"
import { ohmq, Running } from "./support.js"

const scriptOf = async (shell: string) => (await ohmq(["completion", shell])).stdout

/** A folder with a profile, a file to complete, and the script of a shell. */
async function place(shell: string): Promise<string> {
  const here = folder()
  mkdirSync(path.join(here, "config/ohmq"), { recursive: true })
  writeFileSync(path.join(here, "config/ohmq/profiles"), "# [no]\n[prod]\nbind\n\n[test]\nbind\n")
  writeFileSync(path.join(here, "a file.key"), "")
  mkdirSync(path.join(here, "functions"))
  for (const file of ["script", "functions/_ohmq"]) writeFileSync(path.join(here, file), await scriptOf(shell))
  return here
}

/** Types lines into an interactive shell, and gives the arguments with which each runs ohmq. */
async function typed(shell: string, args: string[], setup: string, lines: readonly string[]): Promise<string[]> {
  const cwd = await place(shell)
  const command = [shell, ...args].join(" ")
  const env = { TERM: "xterm", PS1: "$ ", XDG_CONFIG_HOME: path.join(cwd, "config"), HOME: cwd, HISTFILE: "" }
  const running = new Running("script", ["-qefc", command, "/dev/null"], { cwd, env, timeout: 60_000 })
  const { stdin } = running.child
  // What is expected must not be what the terminal echoes.
  stdin.write(`${setup}; m=RA; ohmq() { printf "\${m}N<%s>" "$@"; echo END; }; echo "\${m}DY"\r`)
  await running.until(/RADY/, "stdout")
  const results: string[] = []
  for (const [index, line] of lines.entries()) {
    stdin.write(`${line}\r`)
    const before = `(?:RAN[^\\n]*END[^]*?){${index}}`
    const [, found = ""] = await running.until(new RegExp(`${before}(RAN<[^\\n]*)END`), "stdout")
    results.push(found.replaceAll("RAN", "").slice(1, -1).replaceAll("><", " "))
  }
  stdin.end("exit\r")
  return results
}

/** What is typed, and what it must become. */
const cases = [
  ["ohmq pus\t", "push"],
  ["ohmq keys certi\t", "keys certificate"],
  ["ohmq keys z85 dec\t", "keys z85 decode"],
  ["ohmq comp\tz\t", "completion zsh"],
  ["ohmq help comp\tfi\t", "help completion fish"],
  ["ohmq info --outp\t js\t", "info --output json"],
  ["ohmq info --output=js\t", "info --output=json"],
  ["ohmq push --server-cert a\t", "push --server-cert a file.key"],
  ["ohmq keys check a\t", "keys check a file.key"],
  ["ohmq sub @p\t", "sub @prod"],
  ["ohmq sub --topic x @t\t", "sub --topic x @test"],
  ["ohmq sub --profile te\t", "sub --profile test"],
  ["ohmq profile show pr\t", "profile show prod"],
] as const

const wanted = cases.map(([, result]) => result)
const lines = cases.map(([line]) => line)

describe("ohmq completion bash", () => {
  it("completes verbs, options, values, files and profiles", async () => {
    expect(await typed("bash", ["--norc", "--noprofile", "-i"], "source ./script", lines)).toEqual(wanted)
  })
})

describe("ohmq completion zsh", () => {
  it("completes them when it is sourced", async () => {
    const setup = "autoload -U compinit; compinit -u -D; source ./script"
    expect(await typed("zsh", ["-f", "-i"], setup, lines)).toEqual(wanted)
  })

  it("completes them as a file in $fpath", async () => {
    const setup = "fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D"
    expect(await typed("zsh", ["-f", "-i"], setup, lines)).toEqual(wanted)
  })
})

describe("ohmq completion fish", () => {
  it("completes them, with what they mean", async () => {
    const cwd = await place("fish")
    const questions = cases.map(([line]) =>
      line.replace(/\t$/, "").replace("comp\t", "completion ").replace("--outp\t", "--output"),
    )
    const program = `source ./script\nfor line in ${questions.map((line) => `'${line}'`).join(" ")}\n  complete -C $line | string join ';'\nend\n`
    writeFileSync(path.join(cwd, "program"), program)
    const env = { XDG_CONFIG_HOME: path.join(cwd, "config"), HOME: cwd }
    const { stdout, stderr } = await new Running("fish", ["--no-config", "program"], { cwd, env, timeout: 60_000 })
      .ended
    expect(stderr).toBe("")
    const found = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t")[0])
    expect(found).toEqual([
      ..."push certificate decode zsh fish json --output=json".split(" "),
      "a file.key",
      "a file.key",
      "@prod",
      "@test",
      "test",
      "prod",
    ])
    expect(stdout.split("\n")[0]).toBe("push\tSends messages, each to one of the pullers in turn")
  })
})

describe("the completions", () => {
  it.each(["bash", "zsh", "fish"])("of %s know every verb, subcommand and option", async (shell) => {
    const script = await scriptOf(shell)
    const overview = (await ohmq([])).stdout
    const verbs = [...overview.matchAll(/^ {2}[A-Z][a-z ]+: +(.*)$/gm)].flatMap(([, row]) => (row as string).split(" "))
    expect(verbs.length).toBeGreaterThan(20)
    for (const verb of [...verbs, "keys z85 encode"]) expect(script).toMatch(new RegExp(`\\b${verb}\\b`))
    const help = (await ohmq(["help", "push"])).stdout
    for (const [, option] of help.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm))
      expect(script).toContain(shell === "fish" ? `-l ${option}` : `--${option}`)
  })

  it("are written for known shells only", async () => {
    expect(await ohmq(["completion", "fihs"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Did you mean "fish"?'),
    })
    expect(await ohmq(["completion"])).toMatchObject({ status: 2, stderr: expect.stringContaining("bash, zsh, fish") })
  })
})
