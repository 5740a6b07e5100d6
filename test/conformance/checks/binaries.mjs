// The compiled part of the package.

import assert from "node:assert/strict"
import { readdirSync, readFileSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { Checks } from "../checks.mjs"

export const checks = new Checks()
const { add } = checks

/** The addons that a package has for this platform's glibc. */
function addons(packageName) {
  const require = createRequire(import.meta.url)
  const root = path.dirname(realpathSync(require.resolve(`${packageName}/package.json`)))
  return ["build", "prebuilds"].flatMap((folder) => {
    try {
      return readdirSync(path.join(root, folder), { recursive: true })
        .filter(
          (file) => file.endsWith(".node") && !/musl|darwin|win32|windows|arm|obj\.target|address|coverage/.test(file),
        )
        .map((file) => path.join(root, folder, file))
    } catch {
      return []
    }
  })
}

add("its addons need no glibc later than this host's", (_, t) => {
  const files = addons(t.packageName)
  assert.ok(files.length > 0)
  const host = Number(process.report.getReport().header.glibcVersionRuntime.split(".")[1])
  for (const file of files) {
    const wanted = [
      ...readFileSync(file)
        .toString("latin1")
        .matchAll(/GLIBC_2\.(\d+)/g),
    ].map(([, minor]) => Number(minor))
    const latest = Math.max(0, ...wanted)
    assert.ok(latest <= host, `${path.basename(path.dirname(file))} needs glibc 2.${latest}, and this is 2.${host}`)
  }
})
add("it loads without a warning", async (_, t) => {
  const { status, stderr } = await t.program("")
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" })
})
