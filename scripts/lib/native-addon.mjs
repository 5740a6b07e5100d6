// Checks an addon for macOS or Windows by the header of the file, which works on any machine.

import { readFileSync, statSync } from "node:fs"

import { maximumSize } from "./targets.mjs"

/** The numbers of the processors in the two formats. */
const machO = new Map([
  [0x01000007, "darwin-x64"],
  [0x0100000c, "darwin-arm64"],
])
const pe = new Map([
  [0x8664, "win32-x64"],
  [0xaa64, "win32-arm64"],
])

/** The target of a Mach-O or PE file, and the version of its linker if the file contains it. */
export function readNative(file) {
  const bytes = readFileSync(file)
  const inside = (offset) => offset + 4 <= bytes.length
  if (inside(4) && bytes.readUInt32LE(0) === 0xfeedfacf) return { target: machO.get(bytes.readUInt32LE(4)) }
  const head = inside(0x3c) && bytes.toString("latin1", 0, 2) === "MZ" ? bytes.readUInt32LE(0x3c) : undefined
  if (head === undefined || !inside(head + 24) || bytes.toString("latin1", head, head + 4) !== "PE\0\0") return {}
  return { target: pe.get(bytes.readUInt16LE(head + 4)), linker: `${bytes[head + 26]}.${bytes[head + 27]}` }
}

/** The problems of an addon, as sentences. */
export function checkNative(file, target) {
  const problems = []
  if (readNative(file).target !== target.name) problems.push(`it is not for ${target.name}`)
  const { size } = statSync(file)
  if (size > maximumSize) problems.push(`it has ${size} bytes, more than ${maximumSize}`)
  return problems
}
