#include "shared_context.h"

#include <atomic>
#include <utility>

#include <ohmq.h>
#include <zmq.h>

namespace ohmq {
namespace {

template <auto Function>
int WithMessage(void* msg) {
  return Function(static_cast<zmq_msg_t*>(msg));
}

// The casts from void* are all that stands between the table and zmq.h.
const ohmq_functions kFunctions = {
    zmq_version,
    zmq_errno,
    zmq_strerror,
    zmq_socket,
    zmq_close,
    zmq_bind,
    zmq_unbind,
    zmq_connect,
    zmq_disconnect,
    zmq_setsockopt,
    zmq_getsockopt,
    zmq_send,
    zmq_recv,
    WithMessage<zmq_msg_init>,
    [](void* msg, size_t size) { return zmq_msg_init_size(static_cast<zmq_msg_t*>(msg), size); },
    [](void* msg, void* data, size_t size, void (*release)(void*, void*), void* hint) {
      return zmq_msg_init_data(static_cast<zmq_msg_t*>(msg), data, size, release, hint);
    },
    WithMessage<zmq_msg_close>,
    [](void* msg, void* socket, int flags) { return zmq_msg_send(static_cast<zmq_msg_t*>(msg), socket, flags); },
    [](void* msg, void* socket, int flags) { return zmq_msg_recv(static_cast<zmq_msg_t*>(msg), socket, flags); },
    [](void* msg) { return zmq_msg_data(static_cast<zmq_msg_t*>(msg)); },
    [](const void* msg) { return zmq_msg_size(static_cast<const zmq_msg_t*>(msg)); },
    [](const void* msg) { return zmq_msg_more(static_cast<const zmq_msg_t*>(msg)); },
    [](const void* msg, const char* property) { return zmq_msg_gets(static_cast<const zmq_msg_t*>(msg), property); },
    [](void* items, int count, long milliseconds) {
      return zmq_poll(static_cast<zmq_pollitem_t*>(items), count, milliseconds);
    },
};

struct SharedContext : ohmq_context {
  explicit SharedContext(std::shared_ptr<ContextHandle> owner)
      : ohmq_context{OHMQ_ABI, sizeof kFunctions, owner->get(), &kFunctions, Retain, Release},
        handle(std::move(owner)) {}

  static void Retain(const ohmq_context* self) noexcept { Of(self)->references += 1; }
  static void Release(const ohmq_context* self) noexcept {
    if (--Of(self)->references == 0) delete Of(self);
  }
  static SharedContext* Of(const ohmq_context* self) {
    return const_cast<SharedContext*>(static_cast<const SharedContext*>(self));
  }

  const std::shared_ptr<ContextHandle> handle;
  std::atomic<int> references{1};
};

}  // namespace

Napi::Value ShareContext(Napi::Env env, std::shared_ptr<ContextHandle> handle) {
  ohmq_context* context = new SharedContext(std::move(handle));
  napi_value value = nullptr;
  napi_create_external(
      env, context, [](napi_env, void* data, void*) { SharedContext::Release(static_cast<ohmq_context*>(data)); },
      nullptr, &value);
  napi_type_tag_object(env, value, &ohmq_context_tag);
  return Napi::Value(env, value);
}

}  // namespace ohmq
