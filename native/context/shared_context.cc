#include "context/shared_context.h"

#include <cstddef>
#include <utility>

#include <ohmq.h>
#include <zmq.h>

namespace ohmq {
namespace {

template <auto Function>
int WithMessage(void* msg) {
  return Function(static_cast<zmq_msg_t*>(msg));
}

// The table differs from zmq.h only by void* in place of the types of messages and poll items.
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

// include/ohmq.h repeats these.
static_assert(sizeof(ohmq_msg) == sizeof(zmq_msg_t) && alignof(ohmq_msg) >= alignof(zmq_msg_t));
static_assert(sizeof(ohmq_pollitem) == sizeof(zmq_pollitem_t) && alignof(ohmq_pollitem) == alignof(zmq_pollitem_t) &&
              offsetof(ohmq_pollitem, fd) == offsetof(zmq_pollitem_t, fd) &&
              offsetof(ohmq_pollitem, events) == offsetof(zmq_pollitem_t, events) &&
              offsetof(ohmq_pollitem, revents) == offsetof(zmq_pollitem_t, revents));
static_assert(OHMQ_ROUTING_ID == ZMQ_ROUTING_ID && OHMQ_SUBSCRIBE == ZMQ_SUBSCRIBE &&
              OHMQ_UNSUBSCRIBE == ZMQ_UNSUBSCRIBE && OHMQ_RCVMORE == ZMQ_RCVMORE && OHMQ_EVENTS == ZMQ_EVENTS &&
              OHMQ_LINGER == ZMQ_LINGER && OHMQ_SNDHWM == ZMQ_SNDHWM && OHMQ_RCVHWM == ZMQ_RCVHWM &&
              OHMQ_RCVTIMEO == ZMQ_RCVTIMEO && OHMQ_SNDTIMEO == ZMQ_SNDTIMEO &&
              OHMQ_LAST_ENDPOINT == ZMQ_LAST_ENDPOINT);
static_assert(OHMQ_POLLIN == ZMQ_POLLIN && OHMQ_POLLOUT == ZMQ_POLLOUT && OHMQ_POLLERR == ZMQ_POLLERR);

}  // namespace

SharedContext::SharedContext(std::shared_ptr<ContextHandle> handle)
    : ohmq_context{OHMQ_ABI, sizeof kFunctions, handle->get(), &kFunctions, Retain, Release},
      handle_(std::move(handle)) {}

Napi::Value SharedContext::ToExternal(Napi::Env env) {
  references_ += 1;
  napi_value value = nullptr;
  napi_create_external(
      env, static_cast<ohmq_context*>(this),
      [](napi_env, void* data, void*) { Of(static_cast<ohmq_context*>(data))->Unreference(); }, nullptr, &value);
  napi_type_tag_object(env, value, &ohmq_context_tag);
  return Napi::Value(env, value);
}

void SharedContext::Terminate() noexcept {
  // Released after the lock.
  std::shared_ptr<ContextHandle> last;
  const std::lock_guard<std::mutex> lock(mutex_);
  terminated_ = true;
  if (retained_ > 0) return;
  context = nullptr;
  last = std::move(handle_);
}

void SharedContext::Unreference() noexcept {
  if (--references_ == 0) delete this;
}

SharedContext* SharedContext::Of(const ohmq_context* self) {
  return const_cast<SharedContext*>(static_cast<const SharedContext*>(self));
}

void SharedContext::Retain(const ohmq_context* self) noexcept {
  SharedContext* shared = Of(self);
  shared->references_ += 1;
  const std::lock_guard<std::mutex> lock(shared->mutex_);
  shared->retained_ += 1;
}

void SharedContext::Release(const ohmq_context* self) noexcept {
  SharedContext* shared = Of(self);
  {
    std::shared_ptr<ContextHandle> last;
    const std::lock_guard<std::mutex> lock(shared->mutex_);
    shared->retained_ -= 1;
    if (shared->retained_ == 0 && shared->terminated_) {
      shared->context = nullptr;
      last = std::move(shared->handle_);
    }
  }
  shared->Unreference();
}

}  // namespace ohmq
