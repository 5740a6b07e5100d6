import { describe, expect, it } from "vitest"

import { canPreload, compileLibrary } from "../support/preload.js"
import { runProgram } from "../support/process.js"

/** A library that has the waiting of the thread fail for `times` times. Others wait for other numbers of events. */
const failing = (times: number) =>
  compileLibrary(`
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdio.h>
    #include <sys/epoll.h>
    int epoll_wait(int set, struct epoll_event *events, int size, int timeout) {
      static int (*real)(int, struct epoll_event *, int, int);
      static int calls;
      if (real == NULL) *(void **) &real = dlsym(RTLD_NEXT, "epoll_wait");
      if (size != 64 || calls >= ${times}) return real(set, events, size, timeout);
      if (++calls == ${times}) fputs("last failure\\n", stderr);
      errno = ENOMEM;
      return -1;
    }`)

describe.runIf(canPreload)("the poll thread", () => {
  const program = (after: string) => `
    const pull = new zmq.Pull()
    await pull.bind("tcp://127.0.0.1:*")
    const push = new zmq.Push()
    push.connect(pull.lastEndpoint)
    const received = pull.receive()
    ${after}
  `
  const env = (times: number) => ({ OHMQ_POLLER: "thread", LD_PRELOAD: failing(times) })

  it("waits again where the system fails to", async () => {
    const source = program(`await push.send("a"); console.log(String(await received)); push.close(); pull.close()`)
    expect(await runProgram(source, { env: env(3) })).toMatchObject({
      status: 0,
      stdout: "a\n",
      stderr: "last failure\n",
    })
  })

  it("ends with its environment, though the system never does better", async () => {
    const source = program(`await sleep(50); console.log("end"); process.exit()`)
    expect(await runProgram(source, { env: env(1e9) })).toMatchObject({ status: 0, stdout: "end\n" })
  })
})
