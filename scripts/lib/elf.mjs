// Checks the requirements for a prebuilt Linux addon, with readelf (binutils).

import { readFileSync, statSync } from "node:fs"

import { Failure } from "./project.mjs"
import { has, output } from "./run.mjs"
import { maximumSize } from "./targets.mjs"

const exports = ["napi_register_module_v1", "node_api_module_get_api_version_v1"]
/** The libraries of glibc (up to 2.33) and musl that an addon may need. */
const allowed = {
  glibc: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux[-\w]*\.so\.\d)$/,
  musl: /^libc\.so$/,
}

/** The highest of some version numbers. */
const highest = (versions) => versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1)

/** The headers, libraries, symbols and protections of a file, from readelf. */
export function readElf(file) {
  if (!has("readelf")) throw new Failure("readelf was not found. Install it: apt-get install binutils")
  const read = (...options) => {
    const text = output("readelf", ["--wide", ...options, file], { maxBuffer: 1 << 26 })
    if (text === undefined) throw new Failure(`readelf cannot read '${file}'.`)
    return text
  }
  const header = read("--file-header")
  const dynamic = read("--dynamic")
  const sections = read("--section-headers")
  const segments = read("--program-headers")
  const symbols = [...read("--dyn-syms").matchAll(/^ *\d+: \S+ +\d+ (\w+) +(\w+) +\w+ +(\w+) ([^\s@]+)(?:@+(\S+))?/gm)]
  const imports = symbols.filter(([, , , index]) => index === "UND")
  return {
    size: statSync(file).size,
    machine: /Machine: +(.+)/.exec(header)?.[1],
    needed: [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library]) => library),
    exports: symbols.filter(([, , , index]) => index !== "UND").map(([, , , , name]) => name),
    imports: imports.map(([, , , , name]) => name),
    glibc: highest(imports.flatMap(([, , , , , version]) => /^GLIBC_([\d.]+)$/.exec(version ?? "")?.[1] ?? [])),
    foreign: imports.flatMap(([, , , , , version]) => (/^GLIBC_[\d.]+$/.test(version ?? "GLIBC_2") ? [] : [version])),
    relro: /GNU_RELRO/.test(segments),
    bindNow: /\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW/.test(dynamic),
    stack: /GNU_STACK.* (RWE?|R|RE) +\w+$/m.exec(segments)?.[1],
    writableCode: /LOAD .* RWE /.test(segments),
    textRelocations: /TEXTREL/.test(dynamic),
    runPath: /\(R(UN)?PATH\)/.test(dynamic),
    stripped: !/ \.(symtab|debug_info) /.test(sections),
  }
}

/** The problems of an addon as sentences; none if it meets every requirement. */
export function checkElf(file, target) {
  const elf = readElf(file)
  const problems = []
  const must = (holds, problem) => {
    if (!holds) problems.push(problem)
  }
  must(elf.machine === target.machine, `it is for ${elf.machine}, not ${target.machine}`)
  must(elf.size <= maximumSize, `it has ${elf.size} bytes, more than ${maximumSize}`)
  const strangers = elf.needed.filter((library) => !allowed[target.libc].test(library))
  must(strangers.length === 0, `it needs ${strangers.join(", ")}`)
  must(elf.foreign.length === 0, `it needs symbols of ${elf.foreign.join(", ")}`)
  must(elf.exports.toSorted().join() === exports.join(), `it exports ${elf.exports.join(", ")}`)
  if (target.libc === "glibc") {
    must(elf.glibc !== undefined && highest([elf.glibc, target.glibc]) === target.glibc, `it needs glibc ${elf.glibc}`)
    must(
      elf.imports.some((name) => name !== "__stack_chk_fail" && name.endsWith("_chk")),
      "it is compiled without _FORTIFY_SOURCE",
    )
  } else {
    must(elf.glibc === undefined, `it needs glibc ${elf.glibc}`)
  }
  must(elf.imports.includes("__stack_chk_fail"), "it is compiled without the stack protector")
  must(elf.relro && elf.bindNow, "it lacks full RELRO")
  must(elf.stack === "RW", "its stack is executable")
  must(!elf.writableCode && !elf.textRelocations, "its code is writable")
  must(!elf.runPath, "it has its own search path for libraries (RPATH)")
  must(elf.stripped, "it is not stripped")
  // A path of the build machine would make each build different.
  const path = /\/(home|root|tmp|work|builds?|runner)\/[\w./-]+/.exec(readFileSync(file, "latin1"))?.[0]
  must(path === undefined, `it contains the path ${path}`)
  return { elf, problems }
}
