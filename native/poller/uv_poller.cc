#include "poller/uv_poller.h"

#include <uv.h>

// Weak, because a runtime without libuv must be able to load the addon.
#ifndef _WIN32
#pragma weak uv_poll_init_socket
#pragma weak uv_poll_start
#pragma weak uv_poll_stop
#pragma weak uv_close
#pragma weak uv_ref
#pragma weak uv_unref
#endif

namespace ohmq {
namespace {

// libuv owns a handle from its initialisation until its close callback, so it outlives the poller.
struct Handle {
  uv_poll_t poll;
  UvHandles* handles;
  Poller::Callback callback;
  void* data;
};

class UvPoller final : public Poller {
 public:
  explicit UvPoller(Handle* handle) : handle_(handle) {}

  ~UvPoller() override {
    Stop();
    uv_close(base(), [](uv_handle_t* closed) {
      auto* handle = static_cast<Handle*>(closed->data);
      UvHandles* handles = handle->handles;
      delete handle;
      handles->Closed();
    });
  }

  UvPoller(const UvPoller&) = delete;
  UvPoller& operator=(const UvPoller&) = delete;

  void Start() noexcept override {
    if (started_) return;
    started_ = true;
    uv_poll_start(&handle_->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
      auto* handle = static_cast<Handle*>(poll->data);
      handle->callback(handle->data);
    });
  }

  void Stop() noexcept override {
    if (!started_) return;
    started_ = false;
    uv_poll_stop(&handle_->poll);
  }

  void KeepAlive(bool keep) noexcept override {
    if (keep) {
      uv_ref(base());
    } else {
      uv_unref(base());
    }
  }

 private:
  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&handle_->poll); }

  Handle* const handle_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Poller> CreateUvPoller(uv_loop_s* loop, UvHandles* handles, zmq_fd_t descriptor,
                                       Poller::Callback callback, void* data) {
  auto* handle = new Handle{{}, handles, callback, data};
  if (uv_poll_init_socket(loop, &handle->poll, descriptor) != 0) {
    delete handle;
    return nullptr;
  }
  handle->poll.data = handle;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->poll));
  handles->Opened();
  return std::make_unique<UvPoller>(handle);
}

}  // namespace ohmq
