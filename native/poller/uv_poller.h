// The poller for runtimes with libuv.
#pragma once

#include <memory>

#include "poller/poller.h"
#include "poller/uv_handles.h"

struct uv_loop_s;

namespace ohmq {

// Null if the descriptor cannot be polled.
std::unique_ptr<Poller> CreateUvPoller(uv_loop_s* loop, UvHandles* handles, zmq_fd_t descriptor,
                                       Poller::Callback callback, void* data);

}  // namespace ohmq
