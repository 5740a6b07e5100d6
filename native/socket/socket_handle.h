// A libzmq socket with its context. Only bind and unbind may run on a thread other than the owner's.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "context/context_handle.h"

namespace ohmq {

class SocketHandle {
 public:
  // Null if libzmq refuses; see errno (EINVAL for an unknown type, EMFILE above maxSockets).
  static std::shared_ptr<SocketHandle> Create(std::shared_ptr<ContextHandle> context, int type);

  ~SocketHandle() { Close(); }

  SocketHandle(const SocketHandle&) = delete;
  SocketHandle& operator=(const SocketHandle&) = delete;

  const std::shared_ptr<ContextHandle>& context() const { return context_; }

  // The libzmq socket, or null once it is closed. Only for the owner's thread.
  void* get() const { return socket_; }

  // Any thread may call these. Both return 0 or an error number, ENOTSOCK once the socket is closed.
  int Bind(const std::string& address) noexcept;
  int Unbind(const std::string& address) noexcept;

  // While the lock is held, no bind or unbind runs on another thread.
  std::unique_lock<std::mutex> Lock() { return std::unique_lock<std::mutex>(mutex_); }

  // Replaces Close for the reader of a monitor.
  void LeaveToContext() noexcept;

  // Waits for a bind or unbind on another thread, because only one thread at a time may use a libzmq socket.
  void Close() noexcept;

 private:
  SocketHandle(std::shared_ptr<ContextHandle> context, void* socket) : context_(std::move(context)), socket_(socket) {}

  std::mutex mutex_;
  std::shared_ptr<ContextHandle> context_;
  void* socket_;
};

}  // namespace ohmq
