/* ohmq for C and C++ addons: open sockets on the context that a JavaScript program uses.
 *
 * `context.native` of ohmq is an external value. An addon receives it as an argument, and gets from it libzmq's context
 * and libzmq's functions, which are linked into ohmq's addon and which no library exports:
 *
 *     static napi_value Start(napi_env env, napi_callback_info info) {
 *       ...
 *       const ohmq_context *ohmq = ohmq_context_from(env, argv[0]);
 *       if (ohmq == NULL) return NULL; // an exception is pending
 *       ohmq->retain(ohmq);            // while one of your threads uses it
 *       void *socket = ohmq->zmq->socket(ohmq->context, OHMQ_PAIR);
 *       ohmq->zmq->connect(socket, "inproc://work");
 *
 * inproc:// then reaches JavaScript's sockets on the same context. As always in libzmq, a socket belongs to one thread:
 * create, use and close it there. When the program calls `context.terminate()`, calls on your sockets fail with ETERM.
 * Close them and release the context; `terminate()` waits for that. The default context is never terminated; if it is
 * still retained when the process exits, unsent messages are lost.
 *
 * To find this file, add this to binding.gyp:
 *
 *     "include_dirs": ["<!(node -p \"require('ohmq/include')\")"]
 *
 * There is nothing to link. The header needs Node-API 8. It does not need zmq.h, because it uses void * for its types,
 * but you may include zmq.h too.
 */
#ifndef OHMQ_H
#define OHMQ_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever this interface changes in a way that breaks addons. New functions are added at the end and do not
 * change it. */
#define OHMQ_ABI 1

/* The most common socket types and flags, as in zmq.h. */
#define OHMQ_PAIR 0
#define OHMQ_PUB 1
#define OHMQ_SUB 2
#define OHMQ_REQ 3
#define OHMQ_REP 4
#define OHMQ_DEALER 5
#define OHMQ_ROUTER 6
#define OHMQ_PULL 7
#define OHMQ_PUSH 8
#define OHMQ_DONTWAIT 1
#define OHMQ_SNDMORE 2

/* The most common socket options, as in zmq.h, which has the others. ROUTING_ID, SUBSCRIBE and UNSUBSCRIBE are bytes,
 * LAST_ENDPOINT is text; all others are ints. */
#define OHMQ_ROUTING_ID 5
#define OHMQ_SUBSCRIBE 6
#define OHMQ_UNSUBSCRIBE 7
#define OHMQ_RCVMORE 13
#define OHMQ_EVENTS 15
#define OHMQ_LINGER 17
#define OHMQ_SNDHWM 23
#define OHMQ_RCVHWM 24
#define OHMQ_RCVTIMEO 27
#define OHMQ_SNDTIMEO 28
#define OHMQ_LAST_ENDPOINT 32

/* The events that `poll` waits for. */
#define OHMQ_POLLIN 1
#define OHMQ_POLLOUT 2
#define OHMQ_POLLERR 4

/* A zmq_pollitem_t: a socket, or NULL and another file descriptor. */
typedef struct ohmq_pollitem {
  void *socket;
#ifdef _WIN32
  uintptr_t fd;
#else
  int fd;
#endif
  short events;
  short revents;
} ohmq_pollitem;

/* A zmq_msg_t. */
typedef union ohmq_msg {
  unsigned char bytes[64];
  void *alignment;
} ohmq_msg;

/* The functions of libzmq by their names without "zmq_"; see its man pages. `msg` is an ohmq_msg * or a zmq_msg_t *. */
typedef struct ohmq_functions {
  void (*version)(int *major, int *minor, int *patch);
  int (*error)(void); /* zmq_errno: the error of this thread's last failed call */
  const char *(*strerror)(int number);

  void *(*socket)(void *context, int type);
  int (*close)(void *socket);
  int (*bind)(void *socket, const char *address);
  int (*unbind)(void *socket, const char *address);
  int (*connect)(void *socket, const char *address);
  int (*disconnect)(void *socket, const char *address);
  int (*setsockopt)(void *socket, int option, const void *value, size_t size);
  int (*getsockopt)(void *socket, int option, void *value, size_t *size);

  int (*send)(void *socket, const void *data, size_t size, int flags);
  int (*recv)(void *socket, void *data, size_t size, int flags);

  int (*msg_init)(void *msg);
  int (*msg_init_size)(void *msg, size_t size);
  int (*msg_init_data)(void *msg, void *data, size_t size, void (*release)(void *data, void *hint), void *hint);
  int (*msg_close)(void *msg);
  int (*msg_send)(void *msg, void *socket, int flags);
  int (*msg_recv)(void *msg, void *socket, int flags);
  void *(*msg_data)(void *msg);
  size_t (*msg_size)(const void *msg);
  int (*msg_more)(const void *msg);
  const char *(*msg_gets)(const void *msg, const char *property);

  int (*poll)(void *items, int count, long milliseconds); /* items: ohmq_pollitem[] */
} ohmq_functions;

typedef struct ohmq_context {
  uint32_t abi;  /* the OHMQ_ABI of the loaded ohmq */
  uint32_t size; /* its sizeof(ohmq_functions): functions past it do not exist */
  void *context; /* libzmq's context, as from zmq_ctx_new; do not terminate it */
  const ohmq_functions *zmq;

  /* On any thread. A retained context stays valid, and so does this struct; release it as often as you retain it.
   * Otherwise both are valid as long as the JavaScript value exists, and the context only until it is terminated; then
   * `context` is NULL. */
  void (*retain)(const struct ohmq_context *self);
  void (*release)(const struct ohmq_context *self);
} ohmq_context;

/* The type tag of `context.native`. */
static const napi_type_tag ohmq_context_tag = {0x6f686d715f637478, 0x5d1f8a2b94c7e360};

/* The context behind a value. If it is not a context of a compatible ohmq: NULL, with a pending TypeError. */
static inline const ohmq_context *ohmq_context_from(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool ours = false;
  void *data = NULL;
  napi_typeof(env, value, &type);
  if (type != napi_external || napi_check_object_type_tag(env, value, &ohmq_context_tag, &ours) != napi_ok || !ours ||
      napi_get_value_external(env, value, &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "Expected the native property of an ohmq Context");
    return NULL;
  }
  const ohmq_context *context = (const ohmq_context *)data;
  if (context->abi != OHMQ_ABI) {
    napi_throw_type_error(env, NULL, "This addon was built with an incompatible version of ohmq.h. Build it again");
    return NULL;
  }
  return context;
}

#ifdef __cplusplus
}
#endif

#endif /* OHMQ_H */
