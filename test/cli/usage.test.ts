// The command line itself: help, versions, and what is said of wrong usage.

import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"
import { ohmq, startInTerminal } from "./support.js"

const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }

const ofToolkit = "  With ohmq-toolkit:"

/** The verbs that the overview lists: those of ohmq, or those of the toolkit. */
async function verbs(isOurs = true): Promise<string[]> {
  const { stdout } = await ohmq([])
  const [, table = ""] = /Verbs\n(.*?)\n\n/s.exec(stdout) ?? []
  const rows = table.split("\n").filter((line) => line.startsWith(ofToolkit) !== isOurs)
  return rows.flatMap((line) => line.replace(/^.*:/, "").split(/\s+/).filter(Boolean))
}

describe("ohmq", () => {
  it("explains itself on one screen", async () => {
    const outcome = await ohmq([])
    expect(outcome).toMatchObject({ status: 0, stderr: "" })
    const lines = outcome.stdout.split("\n")
    expect(lines.length).toBeLessThanOrEqual(25)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
    for (const help of [["--help"], ["-h"], ["help"]]) expect((await ohmq(help)).stdout).toBe(outcome.stdout)
  })

  it("lists the verbs of ohmq-toolkit", async () => {
    expect(await verbs(false)).toEqual((await import("ohmq-toolkit/cli")).verbs)
  })

  it("says its version", async () => {
    expect(await ohmq(["--version"])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" })
  })

  it("explains each verb, with its usage and examples", async () => {
    for (const verb of await verbs()) {
      const outcome = await ohmq(["help", verb])
      expect(outcome).toMatchObject({ status: 0, stderr: "" })
      expect(outcome.stdout).toContain(`Usage\n  ohmq ${verb}`)
      for (const line of outcome.stdout.split("\nExamples\n")[0]?.split("\n") ?? []) {
        expect(line.length, line).toBeLessThanOrEqual(110)
      }
      expect((await ohmq([verb, "--help"])).stdout).toBe(outcome.stdout)
    }
  })

  it("colours only on a terminal, and not with NO_COLOR", async () => {
    const coloured = await startInTerminal(["help", "push"]).ended
    expect(coloured.stdout).toContain("\u001b[1mUsage\u001b[22m")
    const plain = await startInTerminal(["help", "push"], { env: { NO_COLOR: "1" } }).ended
    expect(plain.stdout).not.toContain("\u001b")
    expect((await ohmq(["help", "push"])).stdout).not.toContain("\u001b")
  })

  it.each([
    [["pusj"], 'Unknown verb "pusj". Did you mean "push"?'],
    [["--verbose"], "Expected a verb first, but received --verbose"],
    [["push"], "Expected an endpoint, such as tcp://localhost:5555"],
    [["push", "5555"], 'but received "5555". Did you mean "tcp://localhost:5555"?'],
    [["push", "localhost:5555", "x"], 'Did you mean "tcp://localhost:5555"?'],
    [["pull", "@*:5555"], 'Did you mean "@tcp://*:5555"?'],
    [["push", "tpc://localhost:5555"], 'Unknown transport "tpc" in "tpc://localhost:5555". Did you mean "tcp"?'],
    [["push", "tcp://"], 'The endpoint "tcp://" has no address'],
    [["push", "tcp://127.0.0.1:1", "--lingr", "1"], 'Unknown option --lingr. Did you mean "--linger"?'],
    [["push", "tcp://127.0.0.1:1", "--linger"], "--linger needs a value: --linger DURATION"],
    [
      ["push", "tcp://127.0.0.1:1", "--linger", "soon"],
      '--linger: Expected a duration such as 500ms, 2s, 5m or 1h, but received "soon"',
    ],
    [["push", "tcp://127.0.0.1:1", "--bind=yes"], '--bind takes no value, but received "yes"'],
    [["push", "tcp://127.0.0.1:1", "--hwm", "1", "--hwm", "2"], "--hwm is given twice"],
    [["push", "tcp://127.0.0.1:1", "--rate", "0"], '--rate: Expected a rate such as 1000/s or 60/m, but received "0"'],
    [["push", "tcp://127.0.0.1:1", "--input", "line"], '--input has no value "line". Did you mean "lines"?'],
    [
      ["push", "tcp://127.0.0.1:1", "--option", "lingr=1", "x"],
      'there is no socket option "lingr". Did you mean "linger"?',
    ],
    [["push", "tcp://127.0.0.1:1", "x", "--file", "y"], "MESSAGE, --part and --file exclude each other"],
    [["push", "tcp://127.0.0.1:1", "x", "--size", "1"], "are for standard input"],
    [["push", "tcp://127.0.0.1:1", "{{cuont}}"], 'Unknown template {{cuont}}. Did you mean "count"?'],
    [["pull", "tcp://127.0.0.1:1", "x"], 'Expected only endpoints, but received "x"'],
    [["pull", "tcp://127.0.0.1:1", "--format", "%y"], "--format: unknown field %y"],
    [["pull", "tcp://127.0.0.1:1", "--sequence", "0"], "--sequence: expected the number of a part"],
    [["rep", "tcp://127.0.0.1:1", "--echo", "--reply", "x"], "exclude each other"],
    [["dish", "@udp://127.0.0.1:5999"], "A dish needs --group GROUP"],
    [["push", "tcp://127.0.0.1:1", "--server"], "--server needs --cert FILE"],
    [["push", "tcp://127.0.0.1:1", "--cert", "x"], "--cert needs --server-cert FILE"],
    [["push", "ipc:///tmp/none", "--plain", "me:secret"], "A password on the command line is visible to all users"],
    [["help", "push", "pull"], "Expected one verb"],
  ])("refuses %j", async (args, problem) => {
    const { status, stdout, stderr } = await ohmq(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" })
    expect(stderr).toContain(problem)
    expect(stderr).toMatch(/^error: /)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
