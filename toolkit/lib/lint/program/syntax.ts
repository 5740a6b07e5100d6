// The syntax tree of a program, as ESTree has it (https://github.com/estree/estree).

import { tsPlugin } from "@sveltejs/acorn-typescript"
import { type Options, Parser } from "acorn"
import { ConfigError } from "../../config/index.js"
import type { Comment } from "../place.js"

/** A node. What else it has depends on its type. */
export interface Node {
  readonly type: string
  readonly loc: { readonly start: { readonly line: number; readonly column: number } }
  readonly [name: string]: unknown
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

/** The node in a property. */
export function inside(node: Node, name: string): Node | undefined {
  const value = node[name]
  return isNode(value) ? value : undefined
}

/** The nodes in a property that has a list. */
export function listOf(node: Node, name: string): Node[] {
  const value = node[name]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The nodes below a node, in the order of the text. */
export const below = (node: Node): Node[] => Object.values(node).flat().filter(isNode)

/** An expression without what changes nothing about its value: `await`, types and brackets. */
export function bare(node: Node | undefined): Node | undefined {
  const wrappers = [
    "AwaitExpression",
    "ChainExpression",
    "ParenthesizedExpression",
    "TSAsExpression",
    "TSNonNullExpression",
    "TSSatisfiesExpression",
    "TSTypeAssertion",
  ]
  let at = node
  while (at && wrappers.includes(at.type)) at = inside(at, at.type === "AwaitExpression" ? "argument" : "expression")
  return at
}

/** The name of a property in an object, a class or after a dot. Undefined if it is computed as the program runs. */
export function keyOf(node: Node, name: "key" | "property"): string | undefined {
  const key = inside(node, name)
  if (key?.type === "Literal") return String(key.value)
  if (key?.type === "PrivateIdentifier") return `#${String(key.name)}`
  return key?.type === "Identifier" && node.computed !== true ? String(key.name) : undefined
}

/** The object and the name of a method that is called. */
export function callOf(node: Node): { object?: Node | undefined; method?: string | undefined } {
  const callee = node.type === "CallExpression" ? inside(node, "callee") : undefined
  if (callee?.type !== "MemberExpression") return {}
  return { object: inside(callee, "object"), method: keyOf(callee, "property") }
}

type Plugin = (parser: typeof Parser) => typeof Parser

/** What acorn and acorn-typescript do not declare. */
type Internals = new (
  ...args: never[]
) => { awaitPos: number; yieldPos: number; tsTryParseGenericAsyncArrowFunction(...args: unknown[]): unknown }

/**
 * `async <T>(a) => …` after an `await` of the same function: acorn-typescript 1.0.13 takes that `await` for one in the parameters, where there must be none, and
 * refuses the program.
 */
const genericAsyncArrows = ((base: typeof Parser) =>
  class extends (base as unknown as Internals) {
    override tsTryParseGenericAsyncArrowFunction(...args: unknown[]): unknown {
      const { awaitPos, yieldPos } = this
      Object.assign(this, { awaitPos: 0, yieldPos: 0 })
      try {
        return super.tsTryParseGenericAsyncArrowFunction(...args)
      } finally {
        Object.assign(this, { awaitPos, yieldPos })
      }
    }
  }) as unknown as Plugin

const typescript = Parser.extend(tsPlugin() as Plugin, genericAsyncArrows)
const withJsx = Parser.extend(tsPlugin({ jsx: true }) as Plugin, genericAsyncArrows)

/** The parser for a file, by the ending of its name. */
function parserOf(file: string): typeof Parser {
  if (/\.[jt]sx$/.test(file)) return withJsx
  return /\.[cm]?ts$/.test(file) ? typescript : Parser
}

/** A parsed program. */
export interface Program {
  readonly tree: Node
  readonly comments: Comment[]
}

/**
 * Parses a program in JavaScript or TypeScript.
 *
 * @throws ConfigError with the place that cannot be parsed
 */
export function parseProgram(text: string, file: string): Program {
  const comments: Comment[] = []
  const options: Options = {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    onComment: (_isBlock, text, _start, _end, start, end) =>
      comments.push({ text, line: end?.line ?? 1, column: (start?.column ?? 0) + 1 }),
  }
  const parse = (parser: typeof Parser, sourceType: "module" | "script") => {
    comments.length = 0
    return parser.parse(text, { ...options, sourceType }) as unknown as Node
  }
  const parser = parserOf(file)
  // Old programs may not be in strict mode, and what is compiled may have JSX or types whatever its name is.
  const attempts = [() => parse(parser, "script"), ...(parser === Parser ? [() => parse(withJsx, "module")] : [])]
  try {
    return { tree: parse(parser, "module"), comments }
  } catch (error) {
    for (const attempt of attempts) {
      try {
        return { tree: attempt(), comments }
      } catch {
        // The first error is the one that says what is wrong.
      }
    }
    const { loc, message } = error as Error & { loc?: { line: number; column: number } }
    const place = { line: loc?.line ?? 1, column: (loc?.column ?? 0) + 1 }
    const what = message.replace(/ \(\d+:\d+\)$/, "")
    const advice = "If it runs, this is a limit of the parser: this file is not checked"
    throw new ConfigError(file, [{ ...place, path: "", message: `Cannot parse the program: ${what}. ${advice}` }])
  }
}
