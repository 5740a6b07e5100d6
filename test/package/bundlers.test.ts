// The recipes of docs/bundlers.md for bundlers, word for word, with the package as it is published.

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { sharedFolder } from "../support/folders.js"
import { link } from "../support/installed.js"
import { root, runCommand } from "../support/process.js"
import { application, copyWith, recipes, runElsewhere, success } from "../support/recipes.js"
import { toolchain } from "../support/toolchains.js"

/** Where what a recipe builds is, and whether it runs on its own. */
const outputs: Record<string, [file: string, alone: boolean]> = {
  "esbuild-external.mjs": ["out/app.cjs", false],
  "esbuild-bundled.mjs": ["out/app.cjs", true],
  "esbuild-module.mjs": ["out/app.mjs", true],
  "webpack-external.mjs": ["out/app.cjs", false],
  "webpack-bundled.mjs": ["out/app.cjs", true],
  "rspack-external.mjs": ["out/app.cjs", false],
  "rspack-bundled.mjs": ["out/app.cjs", true],
  "rollup-external.mjs": ["out/app.mjs", false],
  "rollup-bundled.mjs": ["out/app.cjs", true],
  "parcel.mjs": ["out/app.js", false],
  "vite-external.mjs": ["out/app.mjs", false],
  "vite-no-external.mjs": ["out/app.mjs", false],
}

const tools = [
  ...["esbuild", "rollup", "webpack", "@rollup/plugin-commonjs", "@rollup/plugin-node-resolve"],
  ...["@rspack/core", "@parcel/core", "@parcel/config-default"],
]

const project = sharedFolder()

beforeAll(async () => {
  await application(project)
  for (const name of tools) link(project, name, toolchain(name))
  for (const name of ["vite", "vitest"]) link(project, name, path.join(root, "node_modules", name))
})

const node = (cwd: string, ...args: string[]) => runCommand(process.execPath, args, { cwd, timeout: 60_000 })

/** Without the warning about draft sockets. */
const run = (cwd: string, ...args: string[]) => node(cwd, "--no-warnings", ...args)

describe("docs/bundlers.md", () => {
  it("has no recipe that no test tries", () => {
    const tests = ["test/package", "test/runtimes"].flatMap((folder) => {
      const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(".test.ts"))
      return names.map((name) => readFileSync(path.join(root, folder, name), "utf8"))
    })
    expect([...recipes.keys()].filter((name) => !tests.some((source) => source.includes(`"${name}"`)))).toEqual([])
  })

  // webpack and Rspack minify in any case.
  const builds = Object.entries(outputs).flatMap(([recipe, [file, alone]]) => {
    const plain = { recipe, options: "", file, alone }
    return recipe.startsWith("esbuild") && alone ? [plain, { ...plain, options: "minify: true," }] : [plain]
  })

  it.each(builds)("$recipe $options builds a program that runs", async ({ recipe, options, file, alone }) => {
    const folder = copyWith(project, recipe)
    const source = recipes.get(recipe) as string
    writeFileSync(path.join(folder, recipe), source.replace("bundle: true,", `$& ${options}`))
    expect(await node(folder, recipe)).toMatchObject({ status: 0, stderr: "" })
    expect(await run(folder, file)).toMatchObject(success)
    const outcome = await runElsewhere(folder, [process.execPath, file])
    if (alone) expect(outcome).toMatchObject(success)
    else expect(outcome.stderr).toMatch(/Cannot find (module|package) 'ohmq'/)
  })
})

describe("Without configuration", () => {
  it("vite-node runs a program", async () => {
    const folder = copyWith(project)
    expect(await run(folder, path.join(toolchain("vite-node"), "dist/cli.mjs"), "app.mjs")).toMatchObject(success)
  })

  it.each(["forks", "threads"])("Vitest runs a test, with %s", async (pool) => {
    const folder = copyWith(project)
    writeFileSync(
      path.join(folder, "app.test.mjs"),
      `import { expect, test } from "vitest"
       import { roundTrip } from "./round-trip.mjs"
       test("a round trip", async () => expect(await roundTrip()).toBe("a message,of two parts"))`,
    )
    const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
    const { status, stdout } = await node(folder, vitest, "run", "--root", folder, "--pool", pool)
    expect(stdout).toMatch(/1 passed/)
    expect(status).toBe(0)
  })
})

describe("A bundle without the addon", () => {
  it("says what to do", async () => {
    const folder = copyWith(project)
    writeFileSync(
      path.join(folder, "esbuild-bundled.mjs"),
      (recipes.get("esbuild-bundled.mjs") as string).replace(/^cpSync.*$/m, ""),
    )
    expect(await node(folder, "esbuild-bundled.mjs")).toMatchObject({ status: 0, stderr: "" })
    const { status, stderr } = await runElsewhere(folder, [process.execPath, "out/app.cjs"])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^ {2}.*[/\\]out[/\\]prebuilds[/\\].*: nothing there$/m)
    expect(stderr).toMatch(/^ohmq was bundled.* copy its folder prebuilds\/\n.*see docs\/bundlers.md\.$/m)
  })
})
