// What happens where the system starts no more threads.

import { describe, expect, it } from "vitest"

import { canPreload, compileLibrary } from "../support/preload.js"
import { runProgram } from "../support/process.js"

/** A library with which no thread can be started while NO_THREADS is set. Programs need some to begin with: Node's own and libzmq's. */
const withoutThreads = () =>
  compileLibrary(`
    #include <dlfcn.h>
    #include <errno.h>
    #include <pthread.h>
    #include <stdlib.h>
    int pthread_create(pthread_t *thread, const pthread_attr_t *with, void *(*run)(void *), void *data) {
      static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
      if (real == NULL) *(void **) &real = dlsym(RTLD_NEXT, "pthread_create");
      return getenv("NO_THREADS") ? EAGAIN : real(thread, with, run, data);
    }`)

describe.runIf(canPreload)("without another thread", () => {
  const run = (source: string, env = {}) => runProgram(source, { env: { LD_PRELOAD: withoutThreads(), ...env } })

  it("a proxy fails, and its sockets are closed", async () => {
    const source = `
      const proxy = new zmq.Proxy(new zmq.Pull(), new zmq.Push())
      proxy.frontEnd.bindSync("inproc://front"); proxy.backEnd.bindSync("inproc://back")
      process.env.NO_THREADS = "1"
      await proxy.run().catch(({ code }) => console.log(code, proxy.frontEnd.closed, proxy.backEnd.closed))
      delete process.env.NO_THREADS`
    expect(await run(source)).toMatchObject({ status: 0, stdout: "EMTHREAD true true\n", stderr: "" })
  })

  it("a worker thread has no sockets where they need a poll thread", async () => {
    const source = `
      // libzmq's own threads start here.
      new zmq.Pull().close()
      const worker = new threads.Worker(\`
        process.env.NO_THREADS = "1"
        const zmq = require("ohmq")
        try { new zmq.Pull() } catch ({ code }) { console.log(code) }
        delete process.env.NO_THREADS\`, { eval: true, execArgv: [], env: threads.SHARE_ENV })
      worker.on("exit", console.log)`
    expect(await run(source, { OHMQ_POLLER: "thread" })).toMatchObject({ status: 0, stdout: "EMFILE\n0\n", stderr: "" })
  })

  it("the process still waits for messages when it ends", async () => {
    const source = `
      const push = new zmq.Push({ linger: 500, context: new zmq.Context({ blocky: true }) })
      push.connect("tcp://127.0.0.1:9")
      await push.send("x")
      process.on("exit", () => { process.env.NO_THREADS = "1" })
      console.log(performance.now())`
    const { status, stdout, duration } = await run(source)
    expect(status).toBe(0)
    expect(duration - Number(stdout)).toBeGreaterThan(490)
  })
})
