// A libzmq context that is shared by sockets, by JavaScript objects and, for the default context, by threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace ohmq {

class ContextHandle {
 public:
  // Null when libzmq has no descriptors left; errno tells.
  static std::shared_ptr<ContextHandle> Create();

  // The one context that all environments of the process share; it lives as long as one of them holds it.
  static std::shared_ptr<ContextHandle> Default();

  // Blocks until every context without an owner has delivered its queued messages and is gone. After half a second it
  // says on stderr what it waits for.
  static void WaitForTerminations() noexcept;

  // The context goes with its last owner, on a thread of its own: termination waits for lingering messages, and the
  // last owner may be a garbage collector.
  ~ContextHandle();

  ContextHandle(const ContextHandle&) = delete;
  ContextHandle& operator=(const ContextHandle&) = delete;

  void* get() const { return context_; }

  // From now on every call on its sockets fails with ETERM, but for closing them. `ended` is called, on any thread,
  // when the context is gone: all sockets are closed, their messages sent or given up, and nobody holds it any more.
  void Terminate(std::function<void()> ended) noexcept;

  // Keeps the reader of a monitor open beyond its environment: libzmq's threads wait when they have an event to tell
  // and the reader is gone. It is closed after its last event, as found when the next one comes, or before the context
  // ends. Any thread.
  void AdoptMonitorReader(void* socket) noexcept;

 private:
  explicit ContextHandle(void* context) : context_(context) {}

  void* const context_;
  std::mutex mutex_;
  std::vector<void*> monitor_readers_;
  std::function<void()> ended_;
};

}  // namespace ohmq
