// A libzmq socket with its context. Only bind and unbind may run on another thread than the owner's.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "context/context_handle.h"

namespace ohmq {

class SocketHandle {
 public:
  // Null when libzmq refuses; errno tells (EINVAL for an unknown type, EMFILE past maxSockets).
  static std::shared_ptr<SocketHandle> Create(std::shared_ptr<ContextHandle> context, int type);

  ~SocketHandle() { Close(); }

  SocketHandle(const SocketHandle&) = delete;
  SocketHandle& operator=(const SocketHandle&) = delete;

  const std::shared_ptr<ContextHandle>& context() const { return context_; }

  // The libzmq socket, null once closed. For the owner's thread.
  void* get() const { return socket_; }

  // Any thread. Both return 0 or an error number, ENOTSOCK once closed.
  int Bind(const std::string& address) noexcept;
  int Unbind(const std::string& address) noexcept;

  // Keeps a bind or unbind on another thread from running meanwhile.
  std::unique_lock<std::mutex> Lock() { return std::unique_lock<std::mutex>(mutex_); }

  // In place of Close, for the reader of a monitor.
  void LeaveToContext() noexcept;

  // Waits for a bind or unbind that runs on another thread; libzmq sockets bear one thread at a time.
  void Close() noexcept;

 private:
  SocketHandle(std::shared_ptr<ContextHandle> context, void* socket) : context_(std::move(context)), socket_(socket) {}

  std::mutex mutex_;
  std::shared_ptr<ContextHandle> context_;
  void* socket_;
};

}  // namespace ohmq
