#include "poller/poller.h"

#include "environment/environment.h"
#include "poller/thread_poller.h"
#include "poller/uv_poller.h"

namespace ohmq {

std::unique_ptr<Poller> Poller::Create(Environment& environment, zmq_fd_t descriptor, Callback callback, void* data) {
  if (environment.has_uv()) return CreateUvPoller(environment, descriptor, callback, data);
  return ThreadPoller::Create(environment.poll_thread(), descriptor, callback, data);
}

}  // namespace ohmq
