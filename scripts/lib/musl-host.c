/* Stands in for Node on musl, which this project's machines do not have: loads an addon as Node would, then makes a round trip
 * through CURVE with the very archives of libzmq and libsodium that the addon was linked from. platforms.mjs adds a definition of every
 * symbol that the addon wants of Node; nothing calls them. zig links programs for musl statically, and those can load nothing, so this
 * is a library with an entry point, which musl's loader runs all the same. */
#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

static void option(void *socket, int name, const void *value, size_t size) {
  assert(zmq_setsockopt(socket, name, value, size) == 0);
}

static int run(int argc, char **argv) {
  void *addon = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (addon == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
  assert(dlsym(addon, "napi_register_module_v1") != NULL);
  int (*version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  assert(version != NULL && version() == 8);

  char server_public[41], server_secret[41], client_public[41], client_secret[41], endpoint[64], answer[8] = "";
  size_t size = sizeof endpoint;
  int one = 1;
  assert(zmq_curve_keypair(server_public, server_secret) == 0 && zmq_curve_keypair(client_public, client_secret) == 0);
  void *context = zmq_ctx_new();
  void *reply = zmq_socket(context, ZMQ_REP), *request = zmq_socket(context, ZMQ_REQ);
  option(reply, ZMQ_CURVE_SERVER, &one, sizeof one);
  option(reply, ZMQ_CURVE_SECRETKEY, server_secret, 41);
  option(request, ZMQ_CURVE_SERVERKEY, server_public, 41);
  option(request, ZMQ_CURVE_PUBLICKEY, client_public, 41);
  option(request, ZMQ_CURVE_SECRETKEY, client_secret, 41);
  assert(zmq_bind(reply, "tcp://127.0.0.1:*") == 0);
  assert(zmq_getsockopt(reply, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 && zmq_connect(request, endpoint) == 0);
  assert(zmq_send(request, "ping", 4, 0) == 4 && zmq_recv(reply, answer, sizeof answer, 0) == 4);
  assert(zmq_send(reply, "pong", 4, 0) == 4 && zmq_recv(request, answer, sizeof answer, 0) == 4);
  assert(memcmp(answer, "pong", 4) == 0);
  zmq_close(reply);
  zmq_close(request);
  zmq_ctx_term(context);
  puts("ok");
  return 0;
}

int __libc_start_main(int (*)(int, char **), int, char **, void (*)(void), void (*)(void), void (*)(void));
__attribute__((used)) static void start(long *stack) {
  __libc_start_main(run, (int)stack[0], (char **)(stack + 1), 0, 0, 0);
}
__asm__(".globl entry\nentry:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n");
