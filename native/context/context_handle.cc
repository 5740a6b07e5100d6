#include "context/context_handle.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>

#include <zmq.h>

#include "environment/exit_linger.h"

namespace ohmq {
namespace {

// The default context: the only mutable state of the process here, guarded by its mutex. It is never destroyed, because
// an environment may outlive static destruction.
struct Shared {
  std::mutex mutex;
  std::weak_ptr<ContextHandle> context;
};

Shared& TheShared() {
  static auto* shared = new Shared();
  return *shared;
}

// Takes all events off a monitor's reader. Returns whether the last event of the monitor was among them.
bool DrainMonitor(void* socket) noexcept {
  bool ended = false;
  zmq_msg_t message;
  zmq_msg_init(&message);
  bool first = true;
  while (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
    // The number of the event has 16 bits in version 1 of the format, and 64 in version 2.
    const size_t size = zmq_msg_size(&message);
    if (first && size >= sizeof(uint64_t)) {
      uint64_t event = 0;
      std::memcpy(&event, zmq_msg_data(&message), sizeof event);
      ended = event == ZMQ_EVENT_MONITOR_STOPPED;
    } else if (first && size >= sizeof(uint16_t)) {
      uint16_t event = 0;
      std::memcpy(&event, zmq_msg_data(&message), sizeof event);
      ended = event == ZMQ_EVENT_MONITOR_STOPPED;
    }
    first = zmq_msg_more(&message) == 0;
  }
  zmq_msg_close(&message);
  return ended;
}

}  // namespace

std::shared_ptr<ContextHandle> ContextHandle::Create() {
  void* context = zmq_ctx_new();
  if (context == nullptr) return nullptr;
  return std::shared_ptr<ContextHandle>(new ContextHandle(context));
}

std::shared_ptr<ContextHandle> ContextHandle::Default() {
  Shared& shared = TheShared();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  std::shared_ptr<ContextHandle> context = shared.context.lock();
  if (context == nullptr) {
    context = Create();
    shared.context = context;
  }
  return context;
}

void ContextHandle::Terminate(std::function<void()> ended) noexcept {
  ended_ = std::move(ended);
  zmq_ctx_shutdown(context_);
}

void ContextHandle::AdoptMonitorReader(void* socket) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto ended = std::remove_if(monitor_readers_.begin(), monitor_readers_.end(), [](void* reader) {
    if (!DrainMonitor(reader)) return false;
    zmq_close(reader);
    return true;
  });
  monitor_readers_.erase(ended, monitor_readers_.end());
  monitor_readers_.push_back(socket);
}

ContextHandle::~ContextHandle() { EndLingering(context_, std::move(monitor_readers_), std::move(ended_)); }

}  // namespace ohmq
