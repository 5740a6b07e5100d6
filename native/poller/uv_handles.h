// Counts the libuv handles of one environment.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace ohmq {

// libuv owns a handle from its initialisation until its close callback. For the JavaScript thread.
class UvHandles {
 public:
  void Opened() noexcept { open_ += 1; }

  // Call it in the close callback. May destroy this.
  void Closed() {
    open_ -= 1;
    if (open_ > 0 || !closed_) return;
    const std::function<void()> closed = std::move(closed_);
    closed();
  }

  // Calls `closed` when no handle is open: now, or in the last close callback. No handle may be opened afterwards.
  void WhenClosed(std::function<void()> closed) {
    if (open_ == 0) {
      closed();
    } else {
      closed_ = std::move(closed);
    }
  }

 private:
  size_t open_ = 0;
  std::function<void()> closed_;
};

}  // namespace ohmq
