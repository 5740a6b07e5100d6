// Wakes the event loop for a thread-safe socket, which has no ZMQ_FD.
#pragma once

#include <memory>

#include <zmq.h>

namespace ohmq {

// libzmq signals each time the state of the socket may have changed since the last Take. Unlike the edge of ZMQ_FD,
// other calls on the socket do not consume the signal. libzmq signals only between Start and Stop, because signals that
// nobody takes would pile up.
class SocketSignal {
 public:
  // Null on failure; see errno.
  static std::unique_ptr<SocketSignal> Create(void* socket);

  static bool IsNeededBy(void* socket) noexcept;

  // Must run before the socket is closed.
  ~SocketSignal();

  SocketSignal(const SocketSignal&) = delete;
  SocketSignal& operator=(const SocketSignal&) = delete;

  // Readable while there is a signal to take.
  zmq_fd_t descriptor() const { return descriptor_; }

  // There is no signal for earlier changes, so read ZMQ_EVENTS afterwards. False when memory runs out.
  bool Start() noexcept;
  void Stop() noexcept;
  void Take() noexcept;

 private:
  SocketSignal(void* poller, void* socket) : poller_(poller), socket_(socket) {}

  void* poller_;
  void* const socket_;
  zmq_fd_t descriptor_ = {};
  bool started_ = false;
};

}  // namespace ohmq
