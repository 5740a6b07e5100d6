// A libzmq context that is shared by sockets, by JavaScript objects and, for the default context, by threads.
#pragma once

#include <memory>

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

 private:
  explicit ContextHandle(void* context) : context_(context) {}

  void* const context_;
};

}  // namespace ohmq
