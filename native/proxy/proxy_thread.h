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

// Replaces zmq_proxy_steerable, which swaps PAUSE and RESUME in libzmq 4.3.5, and blocks in a send.
class ProxyThread {
 public:
  // Messages and bytes received at the front, sent at the front, received at the back, and sent at the back.
  using Statistics = std::array<std::atomic<uint64_t>, 8>;

  // `capture` may be null. The sockets belong to the thread from Start until it calls `ended`.
  ProxyThread(std::shared_ptr<SocketHandle> front, std::shared_ptr<SocketHandle> back,
              std::shared_ptr<SocketHandle> capture);
  ~ProxyThread() { Stop(); }

  ProxyThread(const ProxyThread&) = delete;
  ProxyThread& operator=(const ProxyThread&) = delete;

  // Returns 0 or an error number. The thread calls `ended` with 0, or with the error that ended it.
  int Start(std::function<void(int)> ended) noexcept;

  // Returns 0 or an error number. Only for the thread that called Start.
  int Send(ProxyCommand command) noexcept;

  // Terminates the proxy, and waits for its end.
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
  std::atomic<bool> woken_{false};  // the thread will read `wanted_` again
  Statistics statistics_{};
  std::thread thread_;
};

}  // namespace ohmq
