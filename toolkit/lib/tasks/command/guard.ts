// Sees to it that no command outlives its worker, not even if the worker is killed with SIGKILL.

import { type ChildProcess, spawn } from "node:child_process"

/**
 * Reads the numbers of process groups, "+123" when one begins and "-123" when one is over. When the worker is gone, its end of the pipe is
 * closed: the groups that are left are killed, and the folder is removed.
 */
const program = `
trap '' INT TERM HUP
groups=
while read -r line; do
  number=\${line#?}
  case $line in
    +*) groups="$groups $number" ;;
    -*) rest=; for one in $groups; do [ "$one" = "$number" ] || rest="$rest $one"; done; groups=$rest ;;
  esac
done
for one in $groups; do kill -KILL "-$one" 2>/dev/null; done
[ -z "$1" ] || rm -rf -- "$1"
`

/** A process that watches over the process groups of a worker. */
export class Guard {
  readonly #process: ChildProcess

  /** @param folder Is removed when the worker is gone. None, by default. */
  constructor(folder = "") {
    // A group of its own: a signal to that of the worker must not end it first.
    this.#process = spawn("/bin/sh", ["-c", program, "ohmq-tasks-guard", folder], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    })
    // If it is killed, there is nobody to write to. Commands then end with the worker only if it ends by itself.
    this.#process.stdin?.on("error", () => {})
    this.#process.on("error", () => {})
    this.#process.unref()
  }

  watch(group: number): void {
    this.#process.stdin?.write(`+${group}\n`)
  }

  release(group: number): void {
    this.#process.stdin?.write(`-${group}\n`)
  }

  /** Ends it. Resolves once it has removed the folder. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined) {
        resolve()
        return
      }
      this.#process.ref()
      this.#process.once("exit", () => resolve())
      this.#process.stdin?.end()
    })
  }
}
