// Contexts whose last owner is gone while their messages linger, and how the exit of the process waits for them.
#pragma once

#include <functional>
#include <vector>

namespace ohmq {

// Closes the readers of monitors and ends a libzmq context on a thread of its own, because termination waits for
// lingering messages. Then calls `ended`, on that thread. If the system has no thread left, it waits on this one.
void EndLingering(void* context, std::vector<void*> monitor_readers, std::function<void()> ended) noexcept;

// Call it when the process exits. Blocks until every such context has sent or discarded its messages and ended.
// After half a second it prints to stderr what it is waiting for.
void WaitForLingering() noexcept;

}  // namespace ohmq
