// The sockets of a program: how each is made, and what is done with it.

import { originOf } from "./origin.js"
import { type Binding, type Scope, walk } from "./scope.js"
import { bare, inside, keyOf, listOf, type Node } from "./syntax.js"
import { bindingOf, type Expression, propertiesOf, resolve } from "./values.js"

const modules = /^(ohmq|zeromq)(\/draft)?$/

const senders = ["Pair", "Publisher", "XPublisher", "XSubscriber", "Push", "Request", "Reply", "Dealer", "Router"]
const drafts = ["Server", "Client", "Radio", "Scatter", "Peer", "Channel", "Datagram"]
const types = new Set([...senders, ...drafts, "Subscriber", "Pull", "Dish", "Gather", "Stream"])

/** The types whose messages wait in a queue to be sent. */
export const sending: ReadonlySet<string> = new Set([...senders, ...drafts])

/** A call of a method of a socket. */
export interface Call {
  readonly method: string
  readonly node: Node
  readonly arguments: readonly Expression[]
}

/** A socket that a program makes. */
export interface SocketUse {
  /** The class, such as `Push`. */
  readonly type: string
  /** Where it is made. */
  readonly node: Node
  /** Its options, by whatever way they are set. */
  readonly options: Map<string, Expression>
  /** Whether it may have options that are not in the program. */
  isOpen: boolean
  readonly calls: Call[]
}

/** The class of a socket that `new` makes. Undefined for anything else. */
function typeOf(node: Node, scope: Scope): string | undefined {
  const callee = node.type === "NewExpression" ? inside(node, "callee") : undefined
  const { module, name } = (callee && originOf({ node: callee, scope })) ?? {}
  return module !== undefined && name !== undefined && modules.test(module) && types.has(name) ? name : undefined
}

/** Finds the sockets of a program. */
export class Sockets {
  readonly all: SocketUse[] = []
  /** Whether the program sets `requireEncryption`, with which ohmq refuses endpoints that are not encrypted. */
  requireEncryption = false
  readonly #made = new Map<Node, SocketUse>()
  readonly #assigned = new Map<Binding, SocketUse>()

  constructor(tree: Node) {
    walk(tree, (node, scope) => this.#make(node, scope))
    walk(tree, (node, scope) => this.#assign(node, scope))
    walk(tree, (node, scope) => this.#use(node, scope))
  }

  /** The socket that an expression means. */
  of(expression: Expression): SocketUse | undefined {
    const { node, scope } = resolve(expression)
    const made = this.#made.get(node)
    if (made) return made
    const binding = bindingOf({ node, scope })
    if (binding === undefined) return undefined
    const init = binding.path.length === 0 ? bare(binding.init) : undefined
    return (init && this.#made.get(init)) ?? this.#assigned.get(binding)
  }

  #make(node: Node, scope: Scope): void {
    const type = typeOf(node, scope)
    if (type === undefined) return
    const [given] = listOf(node, "arguments")
    const { known, isOpen } = propertiesOf(given && { node: given, scope })
    const socket: SocketUse = { type, node, options: known, isOpen, calls: [] }
    for (const method of ["bind", "connect"]) {
      const value = known.get(method)
      if (value) socket.calls.push({ method, node: value.node, arguments: [value] })
    }
    this.all.push(socket)
    this.#made.set(node, socket)
  }

  /** `name = new Push()` and `this.name = new Push()`. */
  #assign(node: Node, scope: Scope): void {
    if (node.type !== "AssignmentExpression" || node.operator !== "=") return
    const [left, right] = [inside(node, "left"), bare(inside(node, "right"))]
    const socket = right && this.#made.get(right)
    const binding = left && bindingOf({ node: left, scope })
    if (socket && binding) this.#assigned.set(binding, socket)
  }

  #use(node: Node, scope: Scope): void {
    const target = bare(inside(node, node.type === "AssignmentExpression" ? "left" : "callee"))
    const object = target?.type === "MemberExpression" ? inside(target, "object") : undefined
    if (target === undefined || object === undefined) return
    const name = keyOf(target, "property")
    if (name === "requireEncryption" && inside(node, "right")?.value === true) this.requireEncryption = true
    const socket = this.of({ node: object, scope })
    if (socket === undefined) {
      this.#assignAll(node, scope, name)
      return
    }
    if (node.type === "AssignmentExpression") {
      const right = inside(node, "right")
      if (name !== undefined && right) socket.options.set(name, { node: right, scope })
      else socket.isOpen = true
    } else if (node.type === "CallExpression" && name !== undefined) {
      const given = listOf(node, "arguments").map((argument) => ({ node: argument, scope }))
      socket.calls.push({ method: name, node, arguments: given })
    }
  }

  /** `Object.assign(socket, options)`. */
  #assignAll(node: Node, scope: Scope, method: string | undefined): void {
    const [first, ...rest] = listOf(node, "arguments")
    const socket = method === "assign" && first ? this.of({ node: first, scope }) : undefined
    if (socket === undefined) return
    for (const one of rest) {
      const { known, isOpen } = propertiesOf({ node: one, scope })
      for (const [name, value] of known) socket.options.set(name, value)
      socket.isOpen ||= isOpen
    }
  }
}
