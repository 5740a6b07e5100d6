// Counts the libuv handles of one environment.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace ohmq {

// libuv owns a handle from its initialisation until its close callback. JavaScript thread.
class UvHandles {
 public:
  void Opened() noexcept { open_ += 1; }

  // In the close callback. May destroy this.
  void Closed() {
    open_ -= 1;
    if (open_ > 0 || !closed_) return;
    const std::function<void()> closed = std::move(closed_);
    closed();
  }

  // Calls `closed` when no handle is open: now, or with the last close callback. Nobody opens one afterwards.
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
