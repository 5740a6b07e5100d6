#include "context/context_handle.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include <zmq.h>

#ifdef _WIN32
#include <process.h>
#define getpid _getpid
#else
#include <unistd.h>
#endif

namespace ohmq {
namespace {

// The shared default context, and how many contexts are being ended: the only mutable state of the process, guarded by
// one mutex. It is never destroyed, because a thread that ends a context may outlive static destruction.
struct Process {
  std::mutex mutex;
  std::condition_variable ended;
  std::weak_ptr<ContextHandle> default_context;
  int terminating = 0;
  int blocky = 0;
};

Process& TheProcess() {
  static auto* process = new Process();
  return *process;
}

void End(void* context) noexcept {
  while (zmq_ctx_term(context) != 0) {
    // libzmq needs a descriptor to end a context with an inproc connection that nobody bound to. One may become free.
    if (zmq_errno() != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
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
  Process& process = TheProcess();
  const std::lock_guard<std::mutex> lock(process.mutex);
  std::shared_ptr<ContextHandle> context = process.default_context.lock();
  if (context == nullptr) {
    context = Create();
    process.default_context = context;
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

ContextHandle::~ContextHandle() {
  Process& process = TheProcess();
  const int blocky = zmq_ctx_get(context_, ZMQ_BLOCKY) == 1 ? 1 : 0;
  {
    const std::lock_guard<std::mutex> lock(process.mutex);
    process.terminating += 1;
    process.blocky += blocky;
  }
  auto end = [context = context_, readers = std::move(monitor_readers_), ended = std::move(ended_), blocky]() noexcept {
    for (void* reader : readers) zmq_close(reader);
    End(context);
    if (ended) ended();
    Process& owner = TheProcess();
    const std::lock_guard<std::mutex> lock(owner.mutex);
    owner.terminating -= 1;
    owner.blocky -= blocky;
    owner.ended.notify_all();
  };
  try {
    std::thread(end).detach();
  } catch (const std::system_error&) {
    end();  // the system has no thread left, so this one waits
  }
}

void ContextHandle::WaitForTerminations() noexcept {
  using std::chrono::milliseconds;
  Process& process = TheProcess();
  std::unique_lock<std::mutex> lock(process.mutex);
  const auto done = [&process] { return process.terminating == 0; };
  if (process.ended.wait_for(lock, milliseconds(500), done)) return;
  std::fprintf(stderr, "(node:%d) WARNING: Waiting for queued ZeroMQ messages to be delivered.%s\n",
               static_cast<int>(getpid()),
               process.blocky > 0 ? " Set 'context.blocky = false' to change this behaviour." : "");
  process.ended.wait(lock, done);
}

}  // namespace ohmq
