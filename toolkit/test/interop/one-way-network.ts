// Two hosts, and a network in between that becomes a data diode: no packet comes back.

import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { readlinkSync } from "node:fs"
import process from "node:process"
import { onTestFinished } from "vitest"

/** A network namespace that is there until the test is over. */
class Host {
  /** What runs a program in it. */
  readonly enter: string[]
  readonly #child: ChildProcess

  constructor() {
    // It ends when its input does, also if the test is killed.
    this.#child = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "ignore"] })
    this.enter = ["nsenter", `--net=/proc/${this.#child.pid}/ns/net`]
    onTestFinished(() => void this.#child.stdin?.end())
  }

  get pid(): string {
    return String(this.#child.pid)
  }

  run(...command: string[]): string {
    const [program = "", ...args] = [...this.enter, ...command]
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  }

  /** Waits until it has a network of its own. */
  async ready(): Promise<void> {
    const own = readlinkSync("/proc/self/ns/net")
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error("unshare --net has failed: it needs root, and util-linux")
      if (readlinkSync(`/proc/${this.pid}/ns/net`) !== own) return
      await new Promise((done) => setTimeout(done, 10))
    }
  }
}

/** Two hosts, 10.79.0.1 outside and 10.79.0.2 inside. After `close`, what leaves the inner one is dropped. */
export async function oneWayNetwork() {
  if (process.getuid?.() !== 0) throw new Error("Only root can make networks: run this test as root")
  const [outside, inside] = [new Host(), new Host()]
  await Promise.all([outside.ready(), inside.ready()])
  outside.run("ip", "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", inside.pid)
  for (const [host, name, address] of [
    [outside, "out", "10.79.0.1/24"],
    [inside, "in", "10.79.0.2/24"],
  ] as const) {
    host.run("ip", "address", "add", address, "dev", name)
    host.run("ip", "link", "set", "lo", "up")
    host.run("ip", "link", "set", name, "up")
  }
  const hardware = /link\/ether (\S+)/.exec(inside.run("ip", "link", "show", "in"))?.[1] ?? ""
  const close = () => {
    // Nobody answers a question for the address.
    outside.run("ip", "neigh", "replace", "10.79.0.2", "lladdr", hardware, "dev", "out", "nud", "permanent")
    // A queue without room: what is sent goes nowhere.
    inside.run("tc", "qdisc", "add", "dev", "in", "root", "blackhole")
  }
  return { outside: outside.enter, inside: inside.enter, close }
}
