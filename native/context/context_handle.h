// A libzmq context, shared by sockets and JavaScript objects. Threads share the default context.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace ohmq {

class ContextHandle {
 public:
  // Null if libzmq has no descriptors left; see errno.
  static std::shared_ptr<ContextHandle> Create();

  // The default context, which all environments of the process share. It lives as long as one of them holds it.
  static std::shared_ptr<ContextHandle> Default();

  // The last owner ends the context, on a thread of its own (exit_linger.h), because the last owner may be the garbage
  // collector.
  ~ContextHandle();

  ContextHandle(const ContextHandle&) = delete;
  ContextHandle& operator=(const ContextHandle&) = delete;

  void* get() const { return context_; }

  // From now on every call on its sockets fails with ETERM, except close. Calls `ended`, on any thread, when the
  // context has ended: all sockets are closed, their messages are sent or discarded, and nobody holds the context.
  void Terminate(std::function<void()> ended) noexcept;

  // Keeps the reader of a monitor open after its environment has ended: if the reader were gone, libzmq's threads would
  // block at the next event. The context closes the reader after its last event (it checks when it adopts another one),
  // or before it ends. Any thread may call this.
  void AdoptMonitorReader(void* socket) noexcept;

 private:
  explicit ContextHandle(void* context) : context_(context) {}

  void* const context_;
  std::mutex mutex_;
  std::vector<void*> monitor_readers_;
  std::function<void()> ended_;
};

}  // namespace ohmq
