// The rule against decisions by what a sender wrote itself: a routing id, a property of its handshake, or a field of its message.

import { isClaim } from "../claims.js"
import type { Violation } from "../place.js"
import { decidedBy, Tables } from "./decisions.js"
import { ofLoop, type Scope, walk } from "./scope.js"
import type { Sockets } from "./socket-use.js"
import { bare, callOf, inside, keyOf, listOf, type Node } from "./syntax.js"
import { bindingOf, type Expression } from "./values.js"

const maxDepth = 10

/** Says what of a message decides, if a comparison is about a claim. */
class Claims {
  readonly #sockets: Sockets

  constructor(sockets: Sockets) {
    this.#sockets = sockets
  }

  /** What an expression is, if the sender of a message chose it. */
  of(expression: Expression, depth = 0): string | undefined {
    const node = bare(expression.node)
    if (node === undefined || depth > maxDepth) return undefined
    const { scope } = expression
    const again = (inner: Node | undefined) => (inner ? this.of({ node: inner, scope }, depth + 1) : undefined)
    if (node.type === "TemplateLiteral") return again(listOf(node, "expressions")[0])
    if (node.type === "CallExpression") return again(textSource(node))
    const steps = stepsOf({ node, scope }, depth)
    if (steps === undefined) return undefined
    // A name for such a text.
    const { origin, path } = steps
    const isText = origin.node !== node && path.length === 0
    return isText ? this.of(origin, depth + 1) : this.#claimAt(steps, depth)
  }

  /** The socket and the method that a value was received with. The method is missing if a loop takes it. */
  #receipt({ node, scope }: Expression) {
    const { object, method } = callOf(node)
    return { socket: this.#sockets.of({ node: object ?? node, scope }), method }
  }

  /** Whether an expression is a message, or a part of one, or a text made of it. */
  #isReceived({ node, scope }: Expression, depth: number): boolean {
    const inner = node.type === "CallExpression" ? textSource(node) : undefined
    if (inner) return this.#isReceived({ node: inner, scope }, depth + 1)
    const steps = stepsOf({ node, scope }, depth)
    if (steps === undefined) return false
    const { socket, method } = this.#receipt(steps.origin)
    return socket !== undefined && (method === undefined ? steps.path[0] === ofLoop : /^receive/.test(method))
  }

  #claimAt({ origin, path }: Steps, depth: number): string | undefined {
    const { node, scope } = origin
    const { object, method } = callOf(node)
    if (method === "parse" && object?.name === "JSON") {
      const field = String(path.at(-1) ?? "")
      const [text] = listOf(node, "arguments")
      const isFound = isClaim(field) && text && this.#isReceived({ node: text, scope }, depth + 1)
      return isFound ? `the field "${field}" of a message` : undefined
    }
    const { socket } = this.#receipt(origin)
    if (socket === undefined) return undefined
    if (method === "receiveWithMetadata" && path[0] === "properties" && path.length > 1)
      return `the property "${path[1]}" of a connection`
    const isFirstFrame =
      method === "receive" ? path.join() === "0" : method === undefined && path.join() === `${ofLoop},0`
    return isFirstFrame && socket.type === "Router" ? "a routing id" : undefined
  }
}

/** Methods that make another text of a text, and leave who it names. */
const variants = new Set(["toString", "toLowerCase", "toUpperCase", "trim", "normalize"])

/** What `String(x)`, `x.toString()`, `decoder.decode(x)` and the like make a text of. */
function textSource(call: Node): Node | undefined {
  const callee = inside(call, "callee")
  const [first] = listOf(call, "arguments")
  if (callee?.name === "String") return first
  const { object, method = "" } = callOf(call)
  if (method === "decode") return first
  return variants.has(method) ? object : undefined
}

interface Steps {
  origin: Expression
  path: (string | number)[]
}

/** Goes back from `a.b[0]` and from names to the expression that made the value, and says by which way it was taken out of it. */
function stepsOf(expression: Expression, depth: number): Steps | undefined {
  const node = bare(expression.node)
  if (node === undefined || depth > maxDepth) return undefined
  const { scope } = expression
  const binding = bindingOf({ node, scope })
  if (binding?.init) {
    const steps = stepsOf({ node: binding.init, scope: binding.scope }, depth + 1)
    return steps && { ...steps, path: [...steps.path, ...binding.path] }
  }
  const object = node.type === "MemberExpression" ? inside(node, "object") : undefined
  if (object === undefined) return { origin: { node, scope }, path: [] }
  const key = keyOf(node, "property") ?? String(inside(node, "property")?.value ?? "")
  const steps = stepsOf({ node: object, scope }, depth + 1)
  return steps && { ...steps, path: [...steps.path, key] }
}

/** The decisions of a program by what senders wrote themselves. */
export function lintHeaders(tree: Node, sockets: Sockets): Violation[] {
  const found: Violation[] = []
  const known = new Claims(sockets)
  const tables = new Tables(tree, (expression) => known.of(expression) !== undefined)
  walk(tree, (node: Node, scope: Scope) => {
    const claim = decidedBy({ node, scope }, tables)
      .map((deciding) => known.of({ node: deciding, scope }))
      .find((one) => one !== undefined)
    if (claim === undefined) return
    const { line, column } = node.loc.start
    found.push({
      rule: "trusted-header",
      line,
      column: column + 1,
      message: `This decides by ${claim}, which its sender chooses`,
    })
  })
  return found
}
