import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { basic, env, RelayProcess, temporaryFolder, until } from "../relay/support.js"

const withSecond = basic
  .replace("to: [archive]", "to: [archive, second]")
  .replace("sinks:", "sinks:\n  second: { type: file, path: ./second.ndjson }")

const reloads = (relay: RelayProcess) => relay.metric('ohmq_relay_reloads_total{outcome="done"}')

describe.skipIf(process.platform === "win32")("ohmq relay run", () => {
  it("notices that a link on the way to its file was replaced, as for a ConfigMap", async () => {
    const folder = temporaryFolder()
    const publish = (version: string, config: string) => {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, "relay.yaml"), config)
      symlinkSync(version, join(folder, "..data_tmp"))
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"))
    }
    publish("v1", basic)
    symlinkSync("..data/relay.yaml", join(folder, "relay.yaml"))
    const relay = await RelayProcess.start(folder)
    publish("v2", withSecond)
    await relay.logged("The configuration was reloaded")
    expect(await relay.metric('ohmq_relay_events_out_total{sink="second"}')).toBe(0)
    expect(await relay.end()).toBe(0)
  })

  it("reloads a changed file once, and one with the same content not at all", async () => {
    const folder = temporaryFolder()
    const file = join(folder, "relay.yaml")
    const relay = await RelayProcess.start(folder, basic)
    utimesSync(file, 1, 1)
    writeFileSync(join(folder, "same"), basic)
    renameSync(join(folder, "same"), file)
    // Longer than three looks.
    const before = Date.now()
    await until(() => Date.now() - before > 2000)
    writeFileSync(file, withSecond)
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="second"}')) === 0)
    await relay.logged("The configuration was reloaded")
    expect(await reloads(relay)).toBe(1)
    expect(await relay.end()).toBe(0)
  })

  it("takes a SIGHUP that comes while its code is loaded", async () => {
    const folder = temporaryFolder()
    const hook = join(folder, "hook.mjs")
    writeFileSync(hook, 'import { register } from "node:module"\nregister("./resolve.mjs", import.meta.url)\n')
    writeFileSync(
      join(folder, "resolve.mjs"),
      `export async function resolve(specifier, context, next) {
  if (specifier === "pino") process.kill(process.pid, "SIGHUP")
  return next(specifier, context)
}
`,
    )
    env.NODE_OPTIONS = `--import=${hook}`
    try {
      const relay = await RelayProcess.start(folder, basic)
      expect(await relay.end()).toBe(0)
    } finally {
      delete env.NODE_OPTIONS
    }
  })
})
