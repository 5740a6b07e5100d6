/* The functions that programs built for glibc need and musl lacks. Together with libstdc++ and libgcc_s of a glibc system, it lets Node.js
 * run on musl's loader and C library. It is loaded under the name of glibc's loader, which musl lacks. It is only for tests of the
 * addon and is not shipped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* --- Functions that musl can provide. */

int fcntl64(int descriptor, int command, void *argument) {
  return fcntl(descriptor, command, argument);
}

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *library) {
  return pthread_atfork(prepare, parent, child);
}

int __pthread_key_create(pthread_key_t *key, void (*end)(void *)) {
  return pthread_key_create(key, end);
}

size_t __strftime_l(char *text, size_t size, const char *format, const struct tm *time, void *locale) {
  return strftime(text, size, format, time);
}

unsigned arc4random(void) {
  unsigned value;
  return getrandom(&value, sizeof value, 0) == sizeof value ? value : 0;
}

/* The end of the main thread's stack. By now this variable is in read-only memory. */
void *__libc_stack_end;
__attribute__((constructor)) static void find_stack(void) {
  extern char **environ;
  mprotect((void *)((uintptr_t)&__libc_stack_end & -4096), 4096, PROT_READ | PROT_WRITE);
  __libc_stack_end = environ;
}

/* libgcc_s needs this to unwind exceptions: struct dl_find_object of glibc's dlfcn.h. */
struct found {
  unsigned long long flags;
  void *start, *end;
  struct link_map *map;
  void *frames;
  unsigned long long reserved[7];
};

struct query {
  uintptr_t code;
  struct found *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *data) {
  struct query *query = data;
  struct found found = {0};
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[index];
    uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
    if (header->p_type == PT_LOAD && query->code >= start && query->code < end) {
      found.start = (void *)start;
      found.end = (void *)end;
    }
    if (header->p_type == PT_GNU_EH_FRAME) found.frames = (void *)start;
  }
  if (found.start == NULL || found.frames == NULL) return 0;
  *query->found = found;
  return 1;
}

int _dl_find_object(void *code, struct found *found) {
  struct query query = {(uintptr_t)code, found};
  return dl_iterate_phdr(look, &query) == 1 ? 0 : -1;
}

/* --- Functions that are not needed here. */

char __libc_single_threaded = 0;
unsigned __cpu_model[4];

const char *gnu_get_libc_version(void) {
  return "none";
}

int backtrace(void **frames, int size) {
  return 0;
}

char **backtrace_symbols(void *const *frames, int size) {
  return NULL;
}

void backtrace_symbols_fd(void *const *frames, int size, int descriptor) {}

#define SUCCEED(name)                                                                                                  \
  int name(void) {                                                                                                     \
    return 0;                                                                                                          \
  }
#define FAIL(name)                                                                                                     \
  int name(void) {                                                                                                     \
    errno = ENOSYS;                                                                                                    \
    return -1;                                                                                                         \
  }

SUCCEED(__cpu_indicator_init)
SUCCEED(__cxa_thread_atexit_impl)
SUCCEED(__res_init)
FAIL(getcontext)
FAIL(makecontext)
FAIL(pkey_alloc)
FAIL(pkey_free)
FAIL(pkey_get)
FAIL(pkey_mprotect)
FAIL(pkey_set)
FAIL(setcontext)
