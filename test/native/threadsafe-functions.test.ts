import { describe, expect, it } from "vitest"

import { canPreload, compileLibrary } from "../support/preload.js"
import { runProgram } from "../support/process.js"

/**
 * A library that gives the addon a function of its own in place of Node's: no function that other threads can call is to be had then.
 * LD_PRELOAD alone cannot replace a function of the executable, so the library writes to the table from which the addon takes it.
 */
const withoutThreadsafeFunctions = () =>
  compileLibrary(`
    #include <dlfcn.h>
    #include <link.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <unistd.h>

    static int fail(void) { return 9; /* napi_generic_failure */ }

    static void replace(struct link_map *map, ElfW(Addr) table, size_t size, ElfW(Sym) *symbols, const char *names) {
      ElfW(Rela) *relocations = (ElfW(Rela) *) table;
      for (size_t index = 0; index < size / sizeof *relocations; index += 1) {
        const char *name = names + symbols[ELF64_R_SYM(relocations[index].r_info)].st_name;
        if (strcmp(name, "napi_create_threadsafe_function") != 0) continue;
        void **place = (void **) (map->l_addr + relocations[index].r_offset);
        size_t page = (size_t) sysconf(_SC_PAGESIZE);
        mprotect((void *) ((size_t) place & ~(page - 1)), page, PROT_READ | PROT_WRITE);
        *place = (void *) fail;
      }
    }

    void *dlopen(const char *file, int flags) {
      void *(*real)(const char *, int) = (void *(*)(const char *, int)) dlsym(RTLD_NEXT, "dlopen");
      void *library = real(file, flags);
      size_t length = file == NULL ? 0 : strlen(file);
      if (library == NULL || length < 5 || strcmp(file + length - 5, ".node") != 0) return library;
      struct link_map *map;
      dlinfo(library, RTLD_DI_LINKMAP, &map);
      ElfW(Addr) found[40] = {0};
      for (ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry += 1) {
        if (entry->d_tag < 40) found[entry->d_tag] = entry->d_un.d_ptr;
      }
      // glibc has made addresses of them; musl has not.
      for (int tag = 0; tag < 40; tag += 1) {
        if (tag != DT_PLTRELSZ && tag != DT_RELASZ && found[tag] < map->l_addr) found[tag] += map->l_addr;
      }
      ElfW(Sym) *symbols = (ElfW(Sym) *) found[DT_SYMTAB];
      const char *names = (const char *) found[DT_STRTAB];
      replace(map, found[DT_JMPREL], found[DT_PLTRELSZ], symbols, names);
      replace(map, found[DT_RELA], found[DT_RELASZ], symbols, names);
      return library;
    }`)

describe.runIf(canPreload)("without a function that other threads can call", () => {
  let library: string
  const run = (source: string, env = {}) => runProgram(source, { env: { LD_PRELOAD: library, ...env } })
  const fails = { status: 0, stdout: "ENOMEM\n", stderr: "" }

  it("a proxy fails, and its sockets are closed", async () => {
    library = withoutThreadsafeFunctions()
    const source = `
      const [front, back] = [new zmq.Pull(), new zmq.Push()]
      for (const socket of [front, back]) await socket.bind("tcp://127.0.0.1:*")
      const { code } = await new zmq.Proxy(front, back).run().catch((error) => error)
      if (front.closed && back.closed) console.log(code)
    `
    expect(await run(source)).toMatchObject(fails)
  })

  it("the end of a context is not reported, but comes", async () => {
    library = withoutThreadsafeFunctions()
    const source = `
      import { readdirSync } from "node:fs"
      const count = () => readdirSync("/proc/self/task").length
      const before = count()
      const context = new zmq.Context()
      new zmq.Push({ context }).connect("tcp://127.0.0.1:9")
      const { code } = await context.terminate({ linger: 0 }).catch((error) => error)
      while (count() > before) await sleep(5)
      console.log(code)
    `
    expect(await run(source)).toMatchObject(fails)
  })

  it("no socket can be made where a thread waits for them", async () => {
    library = withoutThreadsafeFunctions()
    const source = `
      try { new zmq.Pull() } catch ({ code }) { console.log(code) }
    `
    expect(await run(source, { OHMQ_POLLER: "thread" })).toMatchObject({ ...fails, stdout: "EMFILE\n" })
  })
})
