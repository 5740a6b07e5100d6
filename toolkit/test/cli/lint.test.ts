import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fromSarif } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { command, ohmq, temporaryFolder } from "../relay/support.js"

const options = "{ linger: 0, heartbeatInterval: 1 }"
const bad = `import { Push } from "ohmq"\nawait new Push(${options}).bind("tcp://*:1")\n`
const says = "error public-bind: Other machines can reach this Push at tcp://*:1, unencrypted. Bind to 127.0.0.1"

describe("ohmq lint", () => {
  it("checks files and folders, but not what others wrote", () => {
    const folder = temporaryFolder()
    for (const name of ["src", "node_modules", "dist", ".git"]) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, "a.mjs"), bad)
    }
    writeFileSync(join(folder, "compose.yaml"), "services: {}\n")
    writeFileSync(join(folder, "notes.txt"), bad)
    const { status, stdout, stderr } = ohmq(folder, "lint", ".")
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" })
    expect(stdout).toMatch(new RegExp(`^src/a.mjs:2:7: ${says.replaceAll("*", "\\*")}.*\n1 file checked: 1 finding\n$`))
  })

  it("prints JSON and SARIF", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "a b.mjs"), bad)
    const json = ohmq(folder, "lint", "a b.mjs", "--output", "json")
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      file: "a b.mjs",
      line: 2,
      column: 7,
      rule: "public-bind",
      level: "error",
    })
    const sarif = ohmq(folder, "lint", "a b.mjs", "--output", "sarif")
    expect(sarif.status).toBe(1)
    const [event] = fromSarif(JSON.parse(sarif.stdout))
    expect(event?.data).toMatchObject({
      tool: { name: "ohmq lint" },
      rule: { id: "public-bind" },
      level: "error",
      location: { uri: "a%20b.mjs", line: 2, column: 7 },
    })
    writeFileSync(join(folder, "a b.mjs"), "")
    const none = ohmq(folder, "lint", "a b.mjs", "--output", "sarif")
    expect(none.status).toBe(0)
    expect(JSON.parse(none.stdout)).toMatchObject({ version: "2.1.0", runs: [{ results: [] }] })
  })

  it("refuses paths where nothing is to be checked", () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "src"))
    writeFileSync(join(folder, "src", "notes.txt"), bad)
    const advice = "Name the folders with programs or configurations"
    expect(ohmq(folder, "lint", "src", ".")).toEqual({
      status: 2,
      stdout: "0 files checked: 0 findings\n",
      stderr: `error: There is nothing to check in src, .. ${advice}\n`,
    })
    const { status, stdout } = ohmq(folder, "lint", "src", "--output", "sarif")
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ results: [] }] })
    expect(status).toBe(2)
    // What is wrong with a path that is not there is another thing.
    expect(ohmq(folder, "lint", "scr").stderr).toBe("scr:1:1: There is no such file\n")
  })

  it("refuses what is no regular file, and programs that are too large", () => {
    const folder = temporaryFolder()
    execFileSync("mkfifo", [join(folder, "fifo.mjs"), join(folder, "fifo.yaml")])
    symlinkSync("/dev/zero", join(folder, "zero.mjs"))
    writeFileSync(join(folder, "large.mjs"), `//${"x".repeat(5 * 2 ** 20)}`)
    writeFileSync(join(folder, "a.mjs"), `/*${"x".repeat(5 * 2 ** 20 - 200)}*/\n${bad}`)
    const names = ["fifo.mjs", "fifo.yaml", "zero.mjs", "large.mjs", "a.mjs"]
    const named = ohmq(folder, "lint", ...names)
    const special = names.slice(0, 3).map((name) => `${name}:1:1: It is not a regular file\n`)
    const large = "It is larger than 5 MiB: too large to check"
    expect(named.stderr).toBe(`${special.join("")}large.mjs:1:1: ${large}\n`)
    expect(named.stdout).toContain("1 file checked: 1 finding; 4 files not checked\n")
    expect(named.status).toBe(2)
    const below = ohmq(folder, "lint", ".")
    expect(below.stderr).toBe(`large.mjs: skipped: ${large}\n`)
    expect(below.stdout).toContain("1 file checked: 1 finding; 1 file skipped\n")
    expect(below.status).toBe(1)
  })

  it("goes on after a file that it cannot read, and ends with 2", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "a.ts"), "let = =")
    writeFileSync(join(folder, "b.mjs"), bad)
    const { status, stdout, stderr } = ohmq(folder, "lint", "none.js", "a.ts", "b.mjs")
    expect(status).toBe(2)
    expect(stderr).toMatch(/^none.js:1:1: There is no such file\na.ts:1:\d+: Cannot parse the program: .*\n$/)
    expect(stdout).toContain("1 file checked: 1 finding; 2 files not checked\n")
  })

  const relay = `version: 1
store: { path: ./data }
sources: { a: { type: link, bind: "tcp://*:1", insecure: true } }
routes: [{ name: all, from: [a], to: [b] }]
sinks: { b: { type: file, path: ./a.ndjson } }
`
  const rules = `version: 1
store: { path: ./data }
audit: { path: ./audit }
sources: { a: { type: link, bind: "tcp://*:1", insecure: true } }
actions: {}
rules: []
`

  it("checks the configurations in folders, and names what looks like one", () => {
    const folder = temporaryFolder()
    const files = {
      "relay.yaml": relay,
      "rules.yml": rules,
      "relay.test.yaml": "config: relay.yaml\ntests: []\nroutes: {}\nsinks: {}\n",
      "quoted.yaml": relay.replace(/^(\w+):/gm, '"$1":'),
      "shared.yaml": "stream: a\nservers: [nats://127.0.0.1]\n",
      "flow.yaml": JSON.stringify({ version: 1, store: { path: "a" }, sources: {}, routes: [], sinks: {} }),
      "typing.yaml": relay.replace("sinks:", "sink:"),
      "broken.yaml": `${relay}x: [`,
      "vector.yaml": "sources: {}\nsinks: {}\n",
      "half.yaml": "actions: {}\nrules: []\n",
      "map.yaml": `kind: ConfigMap\ndata:\n  relay.yaml: |\n${relay.replace(/^/gm, "    ")}`,
      "compose.yaml": "services: {}\n",
      "eslint.yaml": "rules: {}\n",
      "lock.yaml": "store: a\nx: [",
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const { status, stdout, stderr } = ohmq(folder, "lint", ".")
    const lines = [...stdout.split("\n"), ...stderr.split("\n")].map((line) => line.replace(/(unencrypted)\. .*/, "$1"))
    const open = "public-bind: sources.a: tcp://*:1 goes beyond this machine, unencrypted"
    const like = (kind: string, missing: string) =>
      `skipped: it looks like a configuration of a ${kind}, without ${missing}. If it is one, name the file to check it`
    expect(lines.toSorted()).toEqual(
      [
        "",
        "",
        `quoted.yaml:3:37: error ${open}`,
        `relay.yaml:3:35: error ${open}`,
        `rules.yml:4:35: error ${open}`,
        "broken.yaml:6:5: Flow sequence in block collection must be sufficiently indented and end with a ]",
        "typing.yaml:1:1: sinks: It is required, and must be a map of names",
        'typing.yaml:4:39: routes[0].to[0]: There is no sink "b".',
        'typing.yaml:5:1: sink: Unknown option "sink". Did you mean "sinks"?',
        `vector.yaml: ${like("relay", "store and routes")}`,
        `half.yaml: ${like("responder", "store, audit and sources")}`,
        "map.yaml: skipped: there is a configuration within it. Check that from a file of its own",
        "5 files checked: 3 findings; 2 files not checked; 3 files skipped",
      ].toSorted(),
    )
    expect(status).toBe(2)
    expect(ohmq(folder, "lint", "vector.yaml").stderr).toContain(
      "vector.yaml:1:1: version: It is required, and must be 1\n",
    )
  })

  it("follows links to files, takes each file once, and does not go round in circles", () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "src"))
    writeFileSync(join(folder, "src", "a.mjs"), bad)
    mkdirSync(join(folder, "..data"))
    writeFileSync(join(folder, "..data", "relay.yaml"), relay)
    // As Kubernetes mounts a ConfigMap.
    symlinkSync("..data/relay.yaml", join(folder, "relay.yaml"))
    symlinkSync("..", join(folder, "src", "up"))
    symlinkSync("a.mjs", join(folder, "src", "b.mjs"))
    symlinkSync("none.mjs", join(folder, "dangling.mjs"))
    symlinkSync("loop.mjs", join(folder, "loop.mjs"))
    mkdirSync(join(folder, "folder.mjs"))
    const { stdout, stderr } = ohmq(folder, "lint", ".", "src/a.mjs", "src")
    expect(stdout.match(/^[^:\n]*:\d/gm)).toEqual(["relay.yaml:3", "src/a.mjs:2"])
    expect(stdout).toContain("\n2 files checked: 2 findings\n")
    expect(stderr).toBe("")
    const named = ohmq(folder, "lint", "loop.mjs", "dangling.mjs", "src/a.mjs")
    expect(named.stderr).toBe("loop.mjs:1:1: Cannot read the file: ELOOP\ndangling.mjs:1:1: There is no such file\n")
    expect(named.stdout).toContain("1 file checked: 1 finding; 2 files not checked\n")
    expect(named.status).toBe(2)
  })

  it("says each mistake of a file once, and not thousands of them", () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "deep.yaml"), `${relay}x: ${"[".repeat(100_000)}`)
    const items = Array.from({ length: 25 }, (_, index) => `x${index}: 1\n`).join("")
    writeFileSync(join(folder, "many.yaml"), `${relay}${items}`)
    const { status, stderr } = ohmq(folder, "lint", ".")
    const lines = stderr.trimEnd().split("\n")
    expect(lines.filter((line) => line.startsWith("deep.yaml")).length).toBeLessThan(5)
    expect(lines.filter((line) => line.startsWith("many.yaml")).length).toBe(21)
    expect(lines.at(-1)).toBe("many.yaml: 5 more mistakes")
    expect(status).toBe(2)
  })

  it("goes on after a folder or a file that it may not read", () => {
    const folder = temporaryFolder()
    for (const name of ["a", "b"]) mkdirSync(join(folder, name))
    writeFileSync(join(folder, "a", "relay.yaml"), relay)
    writeFileSync(join(folder, "b", "a.mjs"), bad)
    writeFileSync(join(folder, "c.yaml"), relay)
    writeFileSync(join(folder, "d.mjs"), bad)
    for (const name of ["a", "c.yaml"]) chmodSync(join(folder, name), 0)
    chmodSync(folder, 0o755)
    // Root may read everything.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, "lint", "."], {
      cwd: folder,
      encoding: "utf8",
      ...user,
    })
    for (const name of ["a", "c.yaml"]) chmodSync(join(folder, name), 0o755)
    const reason = "This user may not read it. Change its owner or mode"
    expect(stderr).toBe(`a:1:1: ${reason}\nc.yaml:1:1: ${reason}\n`)
    expect(stdout).toContain("2 files checked: 2 findings; 2 files not checked\n")
    expect(status).toBe(2)
  })

  it("refuses wrong usage", () => {
    const folder = temporaryFolder()
    expect(ohmq(folder, "lint")).toMatchObject({
      status: 2,
      stderr: "error: Name the files or folders: ohmq lint FILE...\n",
    })
    expect(ohmq(folder, "lint", "a.js", "--output", "sarf")).toMatchObject({
      status: 2,
      stderr: 'error: --output: Unknown value "sarf". Did you mean "sarif"?\n',
    })
    expect(ohmq(folder, "lint", "--help")).toMatchObject({ status: 0, stderr: "" })
  })
})
