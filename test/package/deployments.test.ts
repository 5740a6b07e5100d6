// The recipes of docs/bundlers.md that copy or pack what a program needs, word for word, with the package as it is published.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it, vi } from "vitest"

import { sharedFolder, temporaryFolder } from "../support/folders.js"
import { link } from "../support/installed.js"
import { prebuiltAddon } from "../support/package.js"
import { runCommand } from "../support/process.js"
import { application, copyWith, follow, recipes, runElsewhere, success } from "../support/recipes.js"
import { loadToolchain, toolchain } from "../support/toolchains.js"

vi.setConfig({ testTimeout: 120_000 })

const project = sharedFolder()
beforeAll(async () => {
  await application(project)
})

const built = { status: 0, stderr: "" }
const node = (folder: string, ...args: string[]) =>
  // electron-builder leaves a cache in the temporary folder.
  runCommand(process.execPath, args, { cwd: folder, timeout: 60_000, env: { TMPDIR: temporaryFolder() } })

describe("@vercel/nft", () => {
  interface Nft {
    nodeFileTrace(files: string[], options: { base: string }): Promise<{ fileList: Set<string>; warnings: Set<Error> }>
  }

  it("copies what the program needs", async () => {
    const folder = copyWith(project, "nft.mjs")
    link(folder, "@vercel/nft", toolchain("@vercel/nft"))
    expect(await node(folder, "nft.mjs")).toMatchObject(built)
    expect(await runElsewhere(folder, [process.execPath, "out/app.mjs"])).toMatchObject(success)
  })

  it("finds the addons of every platform, the one that was compiled, and no other file", async () => {
    const folder = copyWith(project)
    const ohmq = path.join(folder, "node_modules/ohmq")
    rmSync(path.join(ohmq, "prebuilds"), { recursive: true })
    const addons = [
      "build/Release/ohmq.node",
      ...["darwin-arm64/ohmq.node", "linux-x64/ohmq.glibc.node", "linux-x64/ohmq.musl.node", "win32-x64/ohmq.node"].map(
        (file) => `prebuilds/${file}`,
      ),
    ]
    const others = ["build/Release/obj.target/ohmq.o", "prebuilds/SHA256SUMS", "prebuilds/linux-x64/ohmq.musl.cdx.json"]
    for (const file of [...addons, ...others]) {
      mkdirSync(path.join(ohmq, path.dirname(file)), { recursive: true })
      writeFileSync(path.join(ohmq, file), "")
    }
    const { nodeFileTrace } = await loadToolchain<Nft>("@vercel/nft")
    const { fileList, warnings } = await nodeFileTrace([path.join(folder, "app.mjs")], { base: folder })
    expect([...warnings]).toEqual([])
    const found = [...fileList].map((file) => path.relative(ohmq, path.join(folder, file)).split(path.sep).join("/"))
    const inPackage = found.filter((file) => !file.startsWith("../") && !file.startsWith("dist/"))
    expect(inPackage.sort()).toEqual([...addons, "package.json"].sort())
  })
})

describe("ncc", () => {
  it.each([
    ["an ES module", "app.mjs", "out/index.mjs"],
    ["CommonJS", "app.cjs", "out/index.cjs"],
  ])("makes %s with the addon beside it", async (_, source, bundle) => {
    const folder = copyWith(project)
    const commands = (recipes.get("ncc.sh") as string).replace("app.mjs", source)
    writeFileSync(path.join(folder, "ncc.sh"), commands)
    writeFileSync(path.join(folder, "app.cjs"), `require("./round-trip.mjs").roundTrip().then(console.log)`)
    expect(await follow(folder, "ncc.sh")).toMatchObject(built)
    rmSync(path.join(folder, "node_modules"), { recursive: true })
    expect(await runElsewhere(folder, [process.execPath, bundle])).toMatchObject(success)
  })
})

// Elsewhere the executable must be signed, or postject called otherwise.
describe.runIf(process.platform === "linux")("A single executable of Node.js", () => {
  it("runs with the addon beside it", async () => {
    const folder = copyWith(project, "sea-config.json", "sea.sh")
    expect(await follow(folder, "sea.sh")).toMatchObject({ status: 0 })
    rmSync(path.join(folder, "node_modules"), { recursive: true })
    expect(await runElsewhere(folder, ["out/app"])).toMatchObject(success)
    rmSync(path.join(folder, "out/prebuilds"), { recursive: true })
    const { stderr } = await runElsewhere(folder, ["out/app"])
    expect(stderr).toContain("copy its folder prebuilds/")
  })

  it("runs with the addon in it, and leaves nothing behind", async () => {
    const recipe = ["sea-start.mjs", "sea-addon.mjs", "sea-one-file-config.json", "sea-one-file.sh"]
    const folder = copyWith(project, ...recipe)
    expect(await follow(folder, "sea-one-file.sh")).toMatchObject({ status: 0 })
    rmSync(path.join(folder, "node_modules"), { recursive: true })
    const temporary = path.join(folder, "temporary")
    mkdirSync(temporary)
    expect(await runElsewhere(folder, ["out/app"], { TMPDIR: temporary })).toMatchObject(success)
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe("An asar archive", () => {
  interface Asar {
    createPackageWithOptions(folder: string, file: string, options: { unpack: string }): Promise<void>
    statFile(file: string, name: string): { unpacked?: boolean; size?: number }
    extractFile(file: string, name: string): Buffer
  }
  const addon = path.join("node_modules/ohmq", prebuiltAddon())

  /** The addon lies beside the archive and works, and the JavaScript is where Electron finds it. */
  async function expectUnpacked(folder: string, archive: string) {
    const asar = await loadToolchain<{ default: Asar } & Asar>("@electron/asar")
    expect(asar.statFile(archive, addon)).toMatchObject({ unpacked: true })
    expect(asar.extractFile(archive, "node_modules/ohmq/dist/index.js").length).toBeGreaterThan(0)
    const beside = path.join(`${archive}.unpacked`, addon)
    const load = `require(${JSON.stringify(beside)}).version`
    expect(await node(folder, "-p", load)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  }

  it("has the addon beside it, by the pattern for electron-packager", async () => {
    const { unpack } = JSON.parse(recipes.get("electron-packager.json") ?? "").asar as { unpack: string }
    const folder = copyWith(project)
    const asar = await loadToolchain<{ default: Asar } & Asar>("@electron/asar")
    const archive = path.join(folder, "app.asar")
    const app = path.join(folder, "app")
    cpSync(path.join(project, "node_modules"), path.join(app, "node_modules"), { recursive: true })
    await asar.createPackageWithOptions(app, archive, { unpack })
    await expectUnpacked(folder, archive)
    expect(asar.statFile(archive, "node_modules/ohmq/dist/index.js").unpacked).toBeUndefined()
  })

  it.each([
    ["without configuration", {}],
    [
      "without smartUnpack",
      { asar: { smartUnpack: false }, ...JSON.parse(recipes.get("electron-builder.json") ?? "").build },
    ],
  ])("has the addon beside it, by electron-builder %s", async (_, settings) => {
    const folder = copyWith(project)
    // All that it needs of Electron, which is not on npm.
    mkdirSync(path.join(folder, "electron/resources"), { recursive: true })
    for (const file of ["electron", "LICENSE"]) writeFileSync(path.join(folder, "electron", file), "")
    const build = { electronVersion: "38.0.0", electronDist: "electron", files: ["*.mjs"], ...settings }
    const manifest = { name: "app", version: "1.0.0", description: "an app", author: "somebody", main: "app.mjs" }
    const { dependencies } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"))
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...manifest, dependencies, build }))
    const { status, stdout, stderr } = await node(
      folder,
      path.join(toolchain("electron-builder"), "cli.js"),
      "--linux",
      "dir",
    )
    expect(status, stdout + stderr).toBe(0)
    const [unpacked = ""] = readdirSync(path.join(folder, "dist")).filter((name) => name.endsWith("-unpacked"))
    await expectUnpacked(folder, path.join(folder, "dist", unpacked, "resources/app.asar"))
  })
})
