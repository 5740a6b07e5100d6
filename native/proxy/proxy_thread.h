// Forwards messages between two sockets on a thread of its own.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "interface.h"
#include "socket/socket_handle.h"

namespace ohmq {

// In place of zmq_proxy_steerable, whose PAUSE and RESUME are swapped in libzmq 4.3.5, and which waits inside of a
// send.
class ProxyThread {
 public:
  // Messages and bytes: received and sent at the front, received and sent at the back.
  using Statistics = std::array<std::atomic<uint64_t>, 8>;

  // `capture` may be null. From Start until `ended` is called, which happens on the thread itself, the sockets belong
  // to the thread.
  ProxyThread(std::shared_ptr<SocketHandle> front, std::shared_ptr<SocketHandle> back,
              std::shared_ptr<SocketHandle> capture);
  ~ProxyThread() { Stop(); }

  ProxyThread(const ProxyThread&) = delete;
  ProxyThread& operator=(const ProxyThread&) = delete;

  // Returns 0 or an error number. `ended` gets 0, or the error that ended the thread.
  int Start(std::function<void(int)> ended) noexcept;

  // Returns 0 or an error number. For the thread that called Start.
  int Send(ProxyCommand command) noexcept;

  // Terminates, and waits for the end.
  void Stop() noexcept;

  const Statistics& statistics() const { return statistics_; }

 private:
  struct Side;

  int Run() noexcept;
  int Take(Side* from) noexcept;
  static int Give(Side* from, void* to) noexcept;
  int Forward(Side* from, Side* to) noexcept;

  std::shared_ptr<SocketHandle> front_;
  std::shared_ptr<SocketHandle> back_;
  std::shared_ptr<SocketHandle> capture_;
  std::shared_ptr<SocketHandle> control_;   // the caller's end
  std::shared_ptr<SocketHandle> commands_;  // the thread's end
  std::atomic<ProxyCommand> wanted_{ProxyCommand::kResume};
  std::atomic<bool> woken_{false};  // and will read `wanted_` anew
  Statistics statistics_{};
  std::thread thread_;
};

}  // namespace ohmq
