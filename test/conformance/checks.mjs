// A table of checks: each is a name and a function that is given the package under test, and asserts.

export class Checks {
  all = new Map()

  /**
   * @param concurrency How many of these run at the same time; most wait for something and cost nothing meanwhile.
   * @param ownContext Whether each check has a context of its own, because zeromq's monitors freeze all sockets of theirs.
   */
  constructor(concurrency = 16, ownContext = false) {
    this.concurrency = concurrency
    this.ownContext = ownContext
  }

  /**
   * Adds a check. `run(zmq, t)` gets the package and a Toolbox, and throws if the package does not do what `name` says.
   * With `alone`, it runs in a process of its own, because with one of the packages it may end or freeze the process.
   */
  add = (name, run, { alone = false } = {}) => {
    if (this.all.has(name)) throw new Error(`There are two checks '${name}'`)
    this.all.set(name, { run, alone })
  }
}
