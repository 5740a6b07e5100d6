#include "socket/socket_signal.h"

namespace ohmq {

bool SocketSignal::IsNeededBy(void* socket) noexcept {
  int thread_safe = 0;
  size_t size = sizeof thread_safe;
  return zmq_getsockopt(socket, ZMQ_THREAD_SAFE, &thread_safe, &size) == 0 && thread_safe != 0;
}

#ifdef ZMQ_BUILD_DRAFT_API

std::unique_ptr<SocketSignal> SocketSignal::Create(void* socket) {
  void* poller = zmq_poller_new();
  if (poller == nullptr) return nullptr;
  auto signal = std::unique_ptr<SocketSignal>(new SocketSignal(poller, socket));
  // The poller has a descriptor only once a socket was added.
  if (!signal->Start() || zmq_poller_fd(poller, &signal->descriptor_) != 0) return nullptr;
  signal->Stop();
  return signal;
}

SocketSignal::~SocketSignal() {
  Stop();
  zmq_poller_destroy(&poller_);
}

bool SocketSignal::Start() noexcept {
  if (!started_) started_ = zmq_poller_add(poller_, socket_, nullptr, ZMQ_POLLIN | ZMQ_POLLOUT) == 0;
  return started_;
}

void SocketSignal::Stop() noexcept {
  if (started_) zmq_poller_remove(poller_, socket_);
  started_ = false;
}

void SocketSignal::Take() noexcept {
  zmq_poller_event_t event;
  zmq_poller_wait(poller_, &event, 0);
}

#else

// This libzmq has no thread-safe sockets.
std::unique_ptr<SocketSignal> SocketSignal::Create(void*) { return nullptr; }
SocketSignal::~SocketSignal() = default;
bool SocketSignal::Start() noexcept { return false; }
void SocketSignal::Stop() noexcept {}
void SocketSignal::Take() noexcept {}

#endif

}  // namespace ohmq
