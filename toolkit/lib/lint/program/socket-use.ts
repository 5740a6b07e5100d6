// The sockets of a program: how each is made, and what is done with it.

import { originOf } from "./origin.js"
import { type Binding, type Scope, walk } from "./scope.js"
import { bare, inside, keyOf, listOf, type Node } from "./syntax.js"
import { makesV5, v5Option, v5OptionOf, v5Type } from "./v5.js"
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
  /** Whether it has the API of zeromq 5. Its options have the names of today here. */
  readonly isV5: boolean
  /** Where it is made. */
  readonly node: Node
  /** Its options, by whatever way they are set. */
  readonly options: Map<string, Expression>
  /** Whether it may have options that are not in the program. */
  isOpen: boolean
  readonly calls: Call[]
}

/** The socket that `new` makes, or a function of zeromq 5. Undefined for anything else. */
function socketOf(node: Node, scope: Scope): SocketUse | undefined {
  const isNew = node.type === "NewExpression"
  const callee = isNew || node.type === "CallExpression" ? inside(node, "callee") : undefined
  const { module, name } = (callee && originOf({ node: callee, scope })) ?? {}
  if (module === undefined || name === undefined) return undefined
  const given = listOf(node, "arguments").map((argument) => ({ node: argument, scope }))
  if (makesV5(module, name)) {
    const { known, isOpen } = propertiesOf(given[1])
    const options = new Map([...known].map(([option, value]) => [v5Option(option), value]))
    return { type: v5Type(given[0]), isV5: true, node, options, isOpen, calls: [] }
  }
  if (!isNew || !modules.test(module) || !types.has(name)) return undefined
  const { known, isOpen } = propertiesOf(given[0])
  const socket: SocketUse = { type: name, isV5: false, node, options: known, isOpen, calls: [] }
  for (const method of ["bind", "connect"]) {
    const value = known.get(method)
    if (value) socket.calls.push({ method, node: value.node, arguments: [value] })
  }
  return socket
}

const optionIn = ({ isV5 }: SocketUse, name: string): string => (isV5 ? v5Option(name) : name)

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
    const socket = socketOf(node, scope)
    if (socket === undefined) return
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
      if (name !== undefined && right) socket.options.set(optionIn(socket, name), { node: right, scope })
      else socket.isOpen = true
    } else if (node.type === "CallExpression" && name !== undefined) {
      const given = listOf(node, "arguments").map((argument) => ({ node: argument, scope }))
      socket.calls.push({ method: name, node, arguments: given })
      const [option, value] = given
      if (!socket.isV5 || !/^set(sockopt|Option)$/.test(name) || option === undefined || value === undefined) return
      const known = v5OptionOf(option)
      if (known === undefined) socket.isOpen = true
      else socket.options.set(known, value)
    }
  }

  /** `Object.assign(socket, options)`. */
  #assignAll(node: Node, scope: Scope, method: string | undefined): void {
    const [first, ...rest] = listOf(node, "arguments")
    const socket = method === "assign" && first ? this.of({ node: first, scope }) : undefined
    if (socket === undefined) return
    for (const one of rest) {
      const { known, isOpen } = propertiesOf({ node: one, scope })
      for (const [name, value] of known) socket.options.set(optionIn(socket, name), value)
      socket.isOpen ||= isOpen
    }
  }
}
