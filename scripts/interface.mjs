// Writes native/interface.h: what C++ and TypeScript must agree on, of which TypeScript is the source. The header is committed, because an
// installed package compiles its addon without the TypeScript.

import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { filesBelow, inProject, runMain } from "./lib/project.mjs"

const help = `Writes native/interface.h, which must be committed with what it is made of: the numbers in lib/native/numbers.ts, INTERFACE in
lib/native/interface.ts, and the names of zmq.h that lib/ uses.
Usage: node scripts/interface.mjs
`

const header = "native/interface.h"
const sources = ["lib/native/interface.ts", "lib/native/numbers.ts"]

/** A source without its comments. */
function code(file) {
  return readFileSync(file, "utf8").replace(/("(?:\\.|[^"\\\n])*")|\/\/.*|\/\*[\s\S]*?\*\//g, (_, text = "") => text)
}

/** COPY_LIMIT, copyLimit and CopyLimit become kCopyLimit. */
function constantName(name) {
  const words = /^[A-Z_]+$/.test(name) ? name.toLowerCase().split("_") : [name]
  return `k${words.map((word) => word[0].toUpperCase() + word.slice(1)).join("")}`
}

/** The members of an enumeration of TypeScript, each with its number. */
function membersOf(body) {
  let next = 0
  return body
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "")
    .map((member) => {
      const found = /^(\w+)(?:\s*=\s*(\d+))?$/.exec(member)
      if (found === null)
        throw new Error(`A member of an enumeration must be a name, or a name and a number: ${member}`)
      const value = found[2] === undefined ? next : Number(found[2])
      next = value + 1
      return { name: constantName(found[1]), value }
    })
}

function enumeration(name, body) {
  const members = membersOf(body)
  // Bits, which are combined.
  if (name.endsWith("Flags")) {
    return `struct ${name} {\n${members.map((one) => `  static constexpr uint32_t ${one.name} = ${one.value};\n`).join("")}};\n`
  }
  return `enum class ${name} : uint32_t {\n${members.map((one) => `  ${one.name} = ${one.value},\n`).join("")}};\n`
}

/** The names in zmq.h that lib/ asks the addon for. v5-compat has its own names for the options. */
function namesOfZmq() {
  const files = filesBelow(inProject("lib")).filter((file) => !file.includes(`${path.sep}v5-compat${path.sep}`))
  const found = files.flatMap((file) => code(file).match(/\b(?:ZMQ_[A-Z0-9_]+|OHMQ_IO_THREAD_YIELD)\b/g) ?? [])
  return [...new Set(found)].sort()
}

/** The text of native/interface.h. */
export function interfaceHeader() {
  const text = sources.map((file) => code(inProject(file))).join("\n")
  const numbers = [...text.matchAll(/^export const ([A-Z_]+) = (\d+)$/gm)]
  const enumerations = [...text.matchAll(/^export enum (\w+) \{([^}]*)\}/gm)]
  return `// What C++ and TypeScript must agree on. Written by scripts/interface.mjs; the numbers and what they mean are in
// lib/native/numbers.ts. After a change there, or a new name of zmq.h in lib/, run: node scripts/interface.mjs
#pragma once

#include <cstdint>

namespace ohmq {

${numbers.map(([, name, value]) => `constexpr uint32_t ${constantName(name)} = ${value};\n`).join("")}
${enumerations.map(([, name, body]) => enumeration(name, body)).join("\n")}
}  // namespace ohmq

// clang-format off
// Applies a macro to every name of zmq.h that lib/ uses.
#define OHMQ_FOR_EACH_CONSTANT(apply) \\
${namesOfZmq()
  .map((name) => `  apply(${name})`)
  .join(" \\\n")}
// clang-format on
`
}

if (process.argv[1] === import.meta.filename) {
  await runMain((args) => {
    if (args.length > 0) {
      process.stdout.write(help)
      return args.includes("--help") || args.includes("-h") ? 0 : 1
    }
    writeFileSync(inProject(header), interfaceHeader())
  })
}
