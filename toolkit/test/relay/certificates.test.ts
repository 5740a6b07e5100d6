import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readConfig } from "ohmq-toolkit/relay"
import { describe, expect, it } from "vitest"
import { linked } from "./links.js"
import { env } from "./support.js"

Object.assign(process.env, { GITHUB_SECRET: env.GITHUB_SECRET })

/** What is said of a configuration. */
function mistakesIn(folder: string): string {
  try {
    readConfig(join(folder, "relay.yaml"))
    return ""
  } catch (error) {
    return (error as Error).message
  }
}

type Folders = Awaited<ReturnType<typeof linked>>["folders"]

describe("readConfig", () => {
  it.each<[string, "edge" | "hub", (folders: Folders) => void, [from: string, to: string], string]>([
    [
      "a missing certificate",
      "hub",
      ({ hub }) => rmSync(join(hub, "hub.key_secret")),
      ["", ""],
      "sources.edges.security.cert: There is no file ./hub.key_secret. Make a certificate with: ohmq keys certificate",
    ],
    [
      "a public certificate in place of the secret one",
      "edge",
      () => {},
      ["cert: ./edge.key_secret", "cert: ./edge.key"],
      "sinks.hub.security.cert: ./edge.key has no secret key: it is a public certificate. Name the file with it, such as ./edge.key_secret",
    ],
    [
      "a file that is not a certificate",
      "edge",
      ({ edge }) => writeFileSync(join(edge, "hub.key"), "key: 1\n"),
      ["", ""],
      "sinks.hub.security.serverKey: ./hub.key is not a certificate: ",
    ],
    [
      "its own certificate as that of the server",
      "edge",
      ({ edge }) => copyFileSync(join(edge, "edge.key"), join(edge, "hub.key")),
      ["", ""],
      "sinks.hub.security.serverKey: ./hub.key is the certificate of this relay itself. Name the public one of the server",
    ],
    [
      "a missing folder of clients",
      "hub",
      ({ hub }) => rmSync(join(hub, "clients"), { recursive: true }),
      ["", ""],
      "sources.edges.security.clients: There is no folder ./clients. Make it, ",
    ],
    [
      "a client that is not a certificate",
      "hub",
      ({ hub }) => writeFileSync(join(hub, "clients", "a.key"), ""),
      ["", ""],
      "sources.edges.security.clients: clients/a.key is not a certificate: ",
    ],
    [
      "a folder in place of a certificate",
      "edge",
      ({ edge }) => mkdirSync(join(edge, "dir")),
      ["./hub.key", "./dir"],
      "sinks.hub.security.serverKey: ./dir is not a regular file",
    ],
  ])("names %s with line and column", async (_, side, spoil, [from, to], message) => {
    const { folders, ...configs } = await linked()
    const folder = folders[side]
    writeFileSync(join(folder, "relay.yaml"), configs[side])
    expect(mistakesIn(folder)).toBe("")
    spoil(folders)
    writeFileSync(join(folder, "relay.yaml"), configs[side].replace(from, to))
    expect(mistakesIn(folder)).toContain(message)
    expect(mistakesIn(folder)).toMatch(/relay\.yaml:\d+:\d+: /)
  })

  it.skipIf(process.platform === "win32")("names a secret certificate that others may read", async () => {
    const { folders, hub } = await linked()
    writeFileSync(join(folders.hub, "relay.yaml"), hub)
    chmodSync(join(folders.hub, "hub.key_secret"), 0o644)
    expect(mistakesIn(folders.hub)).toContain(
      "sources.edges.security.cert: Others than its owner may read or write ./hub.key_secret. Run: chmod 600 ./hub.key_secret",
    )
  })
})
