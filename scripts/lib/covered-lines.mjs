// Which lines of lib/ and native/ ran, from what V8 and gcov have recorded: for each file, a Map from the number of each line with code to
// whether it ran.

import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

import { filesBelow, readJson } from "./project.mjs"

/** Ends of blocks and of calls, which V8 counts with what comes after a `return`. */
const insignificant = /[\s{}()[\];,]/

/** Lines that only name what is in other files. */
const linking = /^(import\b|export (\*|\{)|\} from )/

/** Marks which characters ran. The ranges of V8 come from the outside to the inside, and each one overrides those around it. */
function mark(ran, functions) {
  const now = new Uint8Array(ran.length)
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  }
  for (let index = 0; index < ran.length; index += 1) ran[index] |= now[index]
}

/** For each line of a TypeScript file, whether all of its code ran: `if (wrong) return` did not if `wrong` was never true. */
function originalLines(file, ran, source) {
  const map = new SourceMap(readJson(`${file}.map`))
  const original = readFileSync(source, "utf8").split("\n")
  const lines = new Map()
  let offset = 0
  for (const [number, text] of readFileSync(file, "utf8").split("\n").entries()) {
    for (let column = 0; column < text.length; column += 1) {
      if (insignificant.test(text[column])) continue
      const { generatedLine, originalLine } = map.findEntry(number, column)
      if (generatedLine !== number || linking.test(original[originalLine])) continue
      const line = originalLine + 1
      lines.set(line, (lines.get(line) ?? true) && ran[offset + column] === 1)
    }
    offset += text.length + 1
  }
  return lines
}

/**
 * What ran of the lib/ of a package of `project`, compiled with source maps, and of copies that tests make of it. `records` is the folder
 * that was NODE_V8_COVERAGE, `folder` that of the package.
 */
export function linesOfLib(project, records, folder = "") {
  const dist = path.join(project, folder, "dist")
  const scripts = new Map(
    filesBelow(dist)
      .filter((file) => file.endsWith(".js"))
      .map((file) => [
        path.relative(dist, file).replaceAll(path.sep, "/"),
        { file, ran: new Uint8Array(readFileSync(file, "utf8").length) },
      ]),
  )
  for (const record of readdirSync(records)) {
    // Not whole if the process was killed while it wrote.
    for (const { url, functions } of readJson(path.join(records, record))?.result ?? []) {
      const script = scripts.get(url.slice(url.lastIndexOf("/dist/") + "/dist/".length))
      if (script === undefined) continue
      // A file is the same if it has the same length, which is where its first function ends: other packages, too, have a folder dist.
      if (url === pathToFileURL(script.file).href || functions[0]?.ranges[0].endOffset === script.ran.length)
        mark(script.ran, functions)
    }
  }
  return new Map(
    [...scripts.values()].map(({ file, ran }) => {
      const name = path.join(folder, "lib", path.relative(dist, file).replace(/\.js$/, ".ts"))
      return [name, originalLines(file, ran, path.join(project, name))]
    }),
  )
}

/** What ran of native/ in `project`, whose objects are in `objects`. */
export function linesOfNative(project, objects) {
  const notes = filesBelow(objects).filter((file) => file.endsWith(".gcno"))
  const args = ["--json-format", "--stdout", ...notes]
  const output = execFileSync("gcov", args, {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  })
  const found = new Map()
  for (const unit of output
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))) {
    for (const { file, lines, functions } of unit.files) {
      const name = path.relative(project, path.resolve(unit.current_working_directory, file))
      if (!name.startsWith("native/")) continue
      const known = found.get(name) ?? new Map()
      found.set(name, known)
      // A header is in several units, and a template is there once for each of its types.
      for (const { line_number: line, count } of lines) known.set(line, known.get(line) || count > 0)
      // For these lines, gcov may count only what cleans up after an exception.
      for (const { start_line: first, end_line: last, execution_count: count } of functions) {
        for (const line of [first, last].filter((line) => known.has(line)))
          known.set(line, known.get(line) || count > 0)
      }
    }
  }
  return found
}
