// The poller of runtimes that have libuv.
#pragma once

#include <memory>

#include "poller/poller.h"

namespace ohmq {

// Null when the descriptor cannot be polled.
std::unique_ptr<Poller> CreateUvPoller(Environment& environment, zmq_fd_t descriptor, Poller::Callback callback,
                                       void* data);

}  // namespace ohmq
