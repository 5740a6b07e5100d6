// Wakes the event loop for a thread-safe socket, which has no ZMQ_FD.
#pragma once

#include <memory>

#include <zmq.h>

namespace ohmq {

// libzmq signals each time that there is something to look at after the last look, so unlike the edge of ZMQ_FD a
// signal is not used up by other calls on the socket. It does so only between Start and Stop: signals that nobody takes
// would pile up.
class SocketSignal {
 public:
  // Null on failure; errno tells.
  static std::unique_ptr<SocketSignal> Create(void* socket);

  static bool IsNeededBy(void* socket) noexcept;

  // Before the socket is closed.
  ~SocketSignal();

  SocketSignal(const SocketSignal&) = delete;
  SocketSignal& operator=(const SocketSignal&) = delete;

  // Readable while there is a signal to take.
  zmq_fd_t descriptor() const { return descriptor_; }

  // There is no signal for what came before: look at ZMQ_EVENTS afterwards. False when memory runs out.
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
