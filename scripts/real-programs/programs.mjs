// The published packages and what to run of each. Versions are exact; downloads are npm's per month.

/**
 * A step is a command that runs in the project (with `own`, in the package's own folder): an installed command (`bin`), a program in
 * jobs/ (`job`) or one of the package (`script`). It passes with status 0 and, if given, `expect` in its output. `attempts` is how often
 * it may be tried, if it depends on luck with any ZeroMQ.
 */
export const programs = [
  {
    name: "enchannel-zmq-backend",
    version: "10.0.0",
    kind: "Jupyter client of nteract",
    downloads: 1458,
    api: 6,
    packages: { jest: "30.2.0", "ts-jest": "29.4.6", typescript: "5.9.3", "@types/jest": "30.0.0" },
    steps: [
      { name: "its tests", own: true, bin: "jest", args: ["--ci"], count: /Tests:\s+(?:\d+ failed, )?(\d+) passed/ },
      {
        name: "its sources against the types",
        own: true,
        bin: "tsc",
        args: ["-p", ".", "--noEmit", "--composite", "false"],
      },
      { name: "cells in a real IPython kernel", job: "notebook-client.cjs" },
    ],
  },
  {
    name: "tslab",
    version: "1.0.22",
    kind: "Jupyter kernel for TypeScript",
    api: 6,
    steps: [
      {
        name: "Jupyter's own client (Python)",
        job: "kernel.py",
        args: ["--ends", "console.log({cell})", "node", "node_modules/tslab/bin/tslab", "kernel"].concat(
          "--config-path",
          "{connection_file}",
        ),
      },
    ],
  },
  {
    name: "@dashevo/dashd-zmq",
    version: "1.2.1",
    kind: "client of a Dash node",
    downloads: 498,
    api: 6,
    packages: { mocha: "5.2.0", chai: "4.5.0" },
    steps: [
      {
        name: "its tests",
        own: true,
        bin: "mocha",
        args: ["lib/**/*.spec.js"],
        attempts: 10,
        count: /(\d+) passing/,
      },
      { name: "a node made with libzmq (Python), restarted", job: "chain-client.cjs" },
    ],
    note: "It starts to observe a socket only after connecting it, and waits forever if that is too late. So its tests are tried up to ten times with either package.",
  },
  {
    name: "jmp",
    version: "2.0.0",
    kind: "Jupyter messages",
    api: 5,
    packages: { mocha: "5.2.0", debug: "2.6.9" },
    steps: [
      {
        name: "its tests",
        own: true,
        bin: "mocha",
        args: ["--grep", "toString failed", "--invert"],
        count: /(\d+) passing/,
      },
    ],
    note: "We skip one test, which expects the text of a Node.js 6 error. The package calls `Socket` as a function, which zeromq's v5-compat does not allow.",
  },
  {
    name: "ijavascript",
    version: "5.2.1",
    kind: "Jupyter kernel for JavaScript, on jp-kernel and jmp",
    api: 5,
    steps: [
      {
        name: "Jupyter's own client (Python)",
        job: "kernel.py",
        args: ["console.log({cell})", "node", "node_modules/ijavascript/lib/kernel.js", "--hide-undefined"].concat(
          "{connection_file}",
          "--protocol=5.1",
        ),
      },
    ],
    note: "It leaves a socket open after a shutdown and relies on Jupyter to end the process.",
  },
  {
    name: "zerorpc",
    version: "0.9.8",
    kind: "remote procedure calls",
    api: 5,
    packages: { nodeunit: "0.11.3", temp: "0.9.4" },
    steps: [
      {
        name: "its tests",
        own: true,
        bin: "nodeunit",
        args: ["test"],
        timeout: 120,
        count: /(\d+) assertions/,
        unit: "assertions",
      },
    ],
  },
  {
    name: "pigato",
    version: "0.0.46",
    kind: "Majordomo broker, workers and clients",
    api: 5,
    replaces: "zmq",
    packages: { mocha: "2.2.5", chai: "3.2.0" },
    overrides: { lodash: "3.10.1" },
    // pigato reads `socket._zmq.state`, which belongs to the addon of zeromq 5.
    shim: `if (!("_zmq" in zmq.Socket.prototype)) {
  Object.defineProperty(zmq.Socket.prototype, "_zmq", {
    get() {
      return { state: this.closed ? zmq.STATE_CLOSED : zmq.STATE_READY }
    },
  })
}
`,
    steps: [
      {
        name: "its tests",
        own: true,
        bin: "mocha",
        args: ["--timeout", "8000", "--grep", "use it instead of the wildcard|close them in the meantime", "--invert"],
        timeout: 90,
        count: /(\d+) passing/,
      },
      { name: "5,000 requests to four workers over tcp", job: "majordomo.cjs" },
    ],
    note: "It needs lodash 3, because it calls `pluck`, although it depends on lodash 4. We skip two tests: the result of one depends on how V8 sorts with an inconsistent comparison; the other opens 923 sockets 30 ms after closing as many, which is too fast for libzmq on a busy machine, with either package. It sets an identity on a PUB socket, which zeromq's v5-compat does not allow.",
  },
  {
    name: "zmq-zap",
    version: "0.0.3",
    kind: "authentication handler (ZAP)",
    downloads: 996,
    api: 5,
    replaces: "zmq",
    direct: true,
    steps: ["null", "plain", "curve"].map((mechanism) => ({
      name: `its example for ${mechanism.toUpperCase()}`,
      script: `examples/${mechanism}.js`,
      environment: { DEBUG: "zmq-zap:*" },
      timeout: 20,
      expect: "success!",
    })),
  },
]
